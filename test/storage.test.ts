/**
 * What Workers find in KV namespaces, D1 databases and R2 buckets: the same program is run here and in miniflare, where the
 * bindings are workerd's own, and has to see the same. And what of it is there after the processes have been killed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { workerdExecutor } from "../src/executors/workerd/executor.ts";
import { StorageProcess } from "../src/executors/workerd/storage/process.ts";
import type { Host } from "../src/ports/executor.ts";
import { contractVersion } from "../src/testing/executor-script.ts";
import { D1_PROBES, KV_PROBES, probing, R2_PROBES } from "./support/storage-probes.ts";

const code = probing([...KV_PROBES, ...D1_PROBES, ...R2_PROBES]);
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
