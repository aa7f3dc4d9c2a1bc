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
    { kind: "script", owner: "clock", cron: "0 * * * *", lastFiredAt: 30, createdAt: 10 },
    { kind: "script", owner: "clock", cron: "0 0 * * *", lastFiredAt: 20, createdAt: 20 },
  ]);
  expect(await catalog.timetable("workflow")).toEqual([
    { kind: "workflow", owner: "orders", cron: "0 * * * *", lastFiredAt: 40, createdAt: 40 },
  ]);
  expect([await catalog.setting("cron_triggers"), await catalog.setting("account")]).toEqual([undefined, "{}"]);
});

test("host names, routes, concurrency keys and made Workers are rows, in the order in which they were", async () => {
  const key = { id: "k1", name: "mail", limit: 3, createdAt: 1, modifiedAt: 2 };
  const catalog = migrated({
    "host-names": { "z.example": "shop", "a.example": "bank" },
    routes: { "z.example/*": "shop", "*.a.example/b": "bank" },
    "concurrency-keys": [key, { ...key, id: "k0", name: "a" }],
    workers: [
      { name: "zoo", createdAt: 5 },
      { name: "bar", createdAt: 6 },
    ],
  });
  expect(await catalog.hostNames()).toEqual([
    { hostName: "z.example", script: "shop" },
    { hostName: "a.example", script: "bank" },
  ]);
  expect(await catalog.routes()).toEqual([
    { pattern: "z.example/*", script: "shop" },
    { pattern: "*.a.example/b", script: "bank" },
  ]);
  expect(await catalog.concurrencyKeys()).toEqual([key, { ...key, id: "k0", name: "a" }]);
  expect(await catalog.madeWorkers()).toEqual([
    { name: "zoo", createdAt: 5 },
    { name: "bar", createdAt: 6 },
  ]);
});

test("what was kept of a script is there as it was", async () => {
  const targets = [{ type: "workflow", script_name: "shop", workflow_name: "orders" }];
  const triggers = [
    { type: "r2", filter: { bucket: "b", size: 1, isNew: true }, targets },
    { type: "kv", targets },
  ];
  const settings = {
    tags: ["a", "b"],
    logpush: true,
    observability: { enabled: true, head_sampling_rate: 0.5 },
    tail_consumers: [{ service: "tail" }],
    subdomain: { enabled: false, previews_enabled: false },
  };
  const classes = { tag: "v2", namespaces: { Zed: "n1", Abc: "n2" } };
  const catalog = migrated({
    "triggers/shop": triggers,
    "triggers/none": [],
    "script/shop": settings,
    "script/none": {},
    "objects/shop": classes,
    "objects/untagged": { namespaces: { A: "n3" } },
    "objects/none": { namespaces: {} },
  });
  expect(await catalog.eventTriggers("shop")).toEqual(triggers);
  expect(await catalog.scriptSettings("shop")).toEqual(settings);
  expect(await catalog.objectClasses("shop")).toEqual(classes);
  expect(Object.keys((await catalog.objectClasses("shop")).namespaces)).toEqual(["Zed", "Abc"]);
  expect(await catalog.objectClasses("untagged")).toEqual({ namespaces: { A: "n3" } });
  expect([
    await catalog.eventTriggers("none"),
    await catalog.scriptSettings("none"),
    await catalog.objectClasses("none"),
  ]).toEqual([[], {}, { namespaces: {} }]);
});

test("settings of the account are all that is left of the documents", async () => {
  const account = { default_retention: { successMs: 1 } };
  const names = ["host-names", "routes", "script/a", "objects/a"];
  const catalog = migrated({ account, workers: [], ...Object.fromEntries(names.map((name) => [name, {}])) });
  expect(await catalog.setting("account")).toBe(JSON.stringify(account));
  for (const name of [...names, "workers"]) expect(await catalog.setting(name)).toBeUndefined();
});

test("a database without documents has empty tables", async () => {
  const catalog = migrated({});
  expect(await catalog.timetable()).toEqual([]);
  expect([await catalog.hostNames(), await catalog.routes(), await catalog.concurrencyKeys()]).toEqual([[], [], []]);
});

test("stores of secrets come with version 12", async () => {
  const store = { id: "s1", name: "shared", createdAt: 1, modifiedAt: 1 };
  const catalog = migrated({});
  expect([await catalog.secretsStores(), await catalog.addSecretsStore(store), await catalog.secretsStores()]).toEqual([
    [],
    true,
    [store],
  ]);
});
