/** What used to be JSON documents in `settings` is in tables after the migration. */
import { expect, test } from "vitest";
import type { Catalog } from "../../../ports/catalog/catalog.ts";
import { sqliteCatalog } from "../catalog/catalog.ts";
import { connectReader, type Database } from "../connection/database.ts";
import { migrate } from "../connection/migrate.ts";
import { schema0001 } from "./0001.ts";
import { schema0002 } from "./0002.ts";
import { schema0003 } from "./0003.ts";
import { schema0004 } from "./0004.ts";
import { schema0005 } from "./0005.ts";
import { schema0006 } from "./0006.ts";
import { schema0007 } from "./0007.ts";
import { schema0008 } from "./0008.ts";
import { schema0009 } from "./0009.ts";

const BEFORE = [schema0001, schema0002, schema0003, schema0004, schema0005, schema0006, schema0007, schema0008, schema0009];

/** The catalogue of a database of version 9 that has these documents, brought up to date. */
function migrated(documents: Readonly<Record<string, unknown>>, prepare?: (db: Database) => void): Catalog {
  const db = connectReader(":memory:");
  migrate(db, ":memory:", BEFORE);
  const put = db.prepare("INSERT INTO settings (name, json) VALUES (?, ?)");
  for (const [name, document] of Object.entries(documents)) put.run(name, JSON.stringify(document));
  prepare?.(db);
  migrate(db, ":memory:");
  return sqliteCatalog(db);
}

test("cron triggers and schedules are one timetable, followed as far as they were", async () => {
  const hourly = { script: "clock", cron: "0 * * * *", followedTo: 30, createdAt: 10 };
  const daily = { script: "clock", cron: "0 0 * * *", followedTo: 20, createdAt: 20 };
  const catalog = migrated({ cron_triggers: [hourly, daily], account: {} }, (db) =>
    db.exec("INSERT INTO schedules VALUES ('orders', '0 * * * *', 40)"),
  );
  expect(await catalog.timetable("script")).toEqual([
    { kind: "script", owner: "clock", cron: "0 * * * *", followedTo: 30, createdAt: 10 },
    { kind: "script", owner: "clock", cron: "0 0 * * *", followedTo: 20, createdAt: 20 },
  ]);
  expect(await catalog.timetable("workflow")).toEqual([
    { kind: "workflow", owner: "orders", cron: "0 * * * *", followedTo: 40, createdAt: 40 },
  ]);
  expect([await catalog.setting("cron_triggers"), await catalog.setting("account")]).toEqual([undefined, "{}"]);
});

test("a database without documents has empty tables", async () => {
  const catalog = migrated({});
  expect(await catalog.timetable()).toEqual([]);
});
