/**
 * What Workers find in KV namespaces, D1 databases and R2 buckets: the same program is run here and in miniflare, where the
 * bindings are workerd's own, and has to see the same. And what of it is there after the processes have been killed.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { workerdExecutor } from "../src/executors/workerd/executor.ts";
import { StorageProcess } from "../src/executors/workerd/storage/process.ts";
import type { Host } from "../src/ports/executor.ts";
import { contractVersion } from "./contracts/executor/script.ts";
import { D1_PROBES, KV_PROBES, OWN_PROBES, probing, R2_PROBES } from "./support/storage-probes.ts";

const MIB = 1024 * 1024;

const code = probing([...KV_PROBES, ...D1_PROBES, ...R2_PROBES, ...OWN_PROBES]);
const bindings = [
  { type: "kv_namespace", name: "KV", id: "0123456789abcdef0123456789abcdef" },
  { type: "d1", name: "DB", id: "a7a6c1c2-1111-4222-8333-444455556666" },
  { type: "r2_bucket", name: "R2", bucket: "bucket" },
] as const;

type Options = ConstructorParameters<typeof Miniflare>[0];

let folder: string;
let storage: StorageProcess;
let executor: ReturnType<typeof workerdExecutor>;
let host: Host;
let miniflare: Miniflare;

const start = async (): Promise<void> => {
  storage = new StorageProcess(join(folder, "storage"));
  executor = workerdExecutor({ processes: 1, storage });
  host = await executor.open({ ...contractVersion(code), bindings }, () => Promise.reject(new Error("No workflows")));
};

const stop = async (): Promise<void> => {
  await executor.close();
  await storage.close();
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stepwell-storage-test-"));
  const manifest = { mainModule: "index.js", modulesRoot: "/", modules: { "index.js": { type: "esm", contents: code } } };
  const env = { KV: { type: "kv", id: "kv" }, DB: { type: "d1", id: "db" }, R2: { type: "r2", name: "bucket" } };
  const config = { name: "probe", compatibilityDate: "2026-11-01", manifest, env };
  miniflare = new Miniflare({ cf: false, telemetry: { enabled: false }, workers: [{ config }] } as unknown as Options);
  await Promise.all([miniflare.ready, start()]);
});
afterAll(async () => {
  await Promise.all([miniflare?.dispose(), stop()]);
  await rm(folder, { recursive: true, force: true });
});

/** What a probe sees here, and there. */
async function both(name: string): Promise<{ own: unknown; theirs: unknown }> {
  const url = `http://probe.test/${encodeURIComponent(name)}`;
  const [own, theirs] = await Promise.all([host.fetch(new Request(url)), miniflare.dispatchFetch(url)]);
  return { own: await own.json(), theirs: await theirs.json() };
}

describe("the same program sees the same here and in miniflare", () => {
  test.each([...KV_PROBES, ...D1_PROBES, ...R2_PROBES].map(({ name }) => name))("%s", async (name) => {
    const { own, theirs } = await both(name);
    expect(own).toEqual(theirs);
  });
});

/** What a probe returns here. */
const here = async (name: string): Promise<unknown> =>
  (await host.fetch(new Request(`http://probe.test/${encodeURIComponent(name)}`))).json();

test("large values pass as streams", async () => {
  expect(await here("large values")).toEqual([4 * MIB, 2 * MIB, 8 * MIB]);
});

test("acknowledged writes are there for the next process on the folder", async () => {
  expect(await here("write in all three")).toEqual(["kept", [{ v: "kept" }], "kept"]);
  await stop();
  await start();
  expect(await here("read in all three")).toEqual(["kept", [{ v: "kept" }], "kept"]);
});

test("an invalid D1 statement is named by its type, and no internals are shown to the Worker", async () => {
  const said = ["undefined", "object", "number", "object"].flatMap((type) => {
    const error = `D1_TYPE_ERROR: Type '${type}' not supported for a statement`;
    return [error, error];
  });
  expect(await here("statements that are none")).toEqual(said);
});

test("a simulator that fails says nothing of its stack", async () => {
  const quiet = new StorageProcess(join(folder, "quiet"), () => {});
  const ask = (body: string): Promise<Response> =>
    quiet.fetch({ type: "d1", id: "db" }, { method: "POST", path: "/query", body });
  for (const body of ["{}", '{"sql":7}', "no JSON"]) {
    const answer = await ask(body);
    expect([answer.status, await answer.text()]).toEqual([500, "Internal error; the server's log has the details"]);
  }
  expect(await (await ask('{"sql":"SELECT no"}')).json()).toMatchObject({
    error: expect.stringContaining("no such column") as string,
  });
  await quiet.close();
});

test("no id leads out of the folder", async () => {
  const scope = { type: "kv", id: "../../outside" } as const;
  await storage.fetch(scope, { method: "PUT", path: "/k", body: "v" });
  expect(await (await storage.fetch(scope, { method: "GET", path: "/k" })).text()).toBe("v");
  expect(await readdir(join(folder, "storage"))).toContain("kv-=2e==2e==2f==2e==2e==2f=outside");
  await storage.forget(scope);
  expect((await storage.fetch(scope, { method: "GET", path: "/k" })).status).toBe(404);
  expect(await readdir(join(folder, "storage"))).not.toContain("kv-=2e==2e==2f==2e==2e==2f=outside");
});

test("a statement without an end takes the process down, which is started anew", async () => {
  const impatient = new StorageProcess(join(folder, "impatient"), () => {}, 500);
  const ask = async (sql: string): Promise<unknown> =>
    (await impatient.fetch({ type: "d1", id: "db" }, { method: "POST", path: "/query", body: JSON.stringify({ sql }) })).json();
  await ask("CREATE TABLE t (v)");
  const endless = ask("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n");
  await expect(endless).rejects.toMatchObject({ failure: "storage.unavailable" });
  expect(await ask("SELECT count(*) AS n FROM t")).toMatchObject([{ results: [{ n: 0 }] }]);
  await impatient.close();
});
