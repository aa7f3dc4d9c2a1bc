import { WorkflowEntrypoint, WorkflowEvent, WorkflowStep } from "cloudflare:workers";
import { count, eq, sql } from "drizzle-orm";
import { database } from "~/db/client";
import { rates } from "~/db/schema";

export interface RefreshParams {
  day: string;
  cron?: string;
}

/** In place of the bank's feed. */
const quote = (symbol: string, day: string): number => symbol.charCodeAt(0) / 100 + Number(day.slice(-2)) / 1000;

export class RefreshRates extends WorkflowEntrypoint<Env, RefreshParams> {
  async run(event: WorkflowEvent<RefreshParams>, step: WorkflowStep) {
    const { day, cron } = event.payload;
    const db = database(this.env.DB);

    const quotes = await step.do("fetch quotes", async () =>
      Object.fromEntries(this.env.SYMBOLS.map((symbol: string) => [symbol, quote(symbol, day)])),
    );

    for (const [code, value] of Object.entries(quotes)) {
      await step.do(`upsert ${code}`, { retries: { limit: 5, delay: "2 seconds", backoff: "linear" } }, async () => {
        await db
          .insert(rates)
          .values({ code, day, value: value as number, source: { kind: cron ? "cron" : "manual" } })
          .onConflictDoUpdate({ target: [rates.code, rates.day], set: { value: sql`excluded.value`, isFinal: true } });
      });
    }

    const [{ total }] = await step.do("count", () => db.select({ total: count() }).from(rates).where(eq(rates.day, day)));
    const first = await step.do("read with relations", async () => {
      const found = await db.query.rates.findMany({
        where: eq(rates.day, day),
        with: { currency: true },
        orderBy: (table, { desc }) => [desc(table.code)],
        limit: 2,
      });
      // A Date and a boolean from the database go through the step's output.
      return found.map(({ code, value, currency, source, isFinal, fetchedAt }) => ({ code, value, digits: currency.digits, source, isFinal, fetchedAt }));
    });
    return { total, first: first.map(({ fetchedAt, ...rest }) => ({ ...rest, isDate: fetchedAt instanceof Date })) };
  }
}
