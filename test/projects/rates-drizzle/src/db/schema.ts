import { relations, sql } from "drizzle-orm";
import { index, integer, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

export const currencies = sqliteTable("currencies", {
  code: text("code", { length: 3 }).primaryKey(),
  digits: integer("digits").notNull().default(2),
});

export const rates = sqliteTable(
  "rates",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    code: text("code", { length: 3 })
      .notNull()
      .references(() => currencies.code, { onDelete: "cascade" }),
    day: text("day").notNull(),
    value: real("value").notNull(),
    source: text("source", { mode: "json" }).$type<{ kind: string }>().notNull().default({ kind: "ecb" }),
    isFinal: integer("is_final", { mode: "boolean" }).notNull().default(false),
    fetchedAt: integer("fetched_at", { mode: "timestamp" })
      .notNull()
      .default(sql`(unixepoch())`),
  },
  (table) => [uniqueIndex("rates_code_day_unique").on(table.code, table.day), index("rates_day_idx").on(table.day)],
);

export const currenciesRelations = relations(currencies, ({ many }) => ({ rates: many(rates) }));
export const ratesRelations = relations(rates, ({ one }) => ({
  currency: one(currencies, { fields: [rates.code], references: [currencies.code] }),
}));
