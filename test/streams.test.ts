/** A large secret stream through real parts — a worker thread, a SQLite file, encryption — cut off once on its way. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Engine } from "../src/engine/contract.ts";
import { nodeExecutor } from "../src/executors/node/executor.ts";
import { systemClock } from "../src/system/clock.ts";
import { openSqlite } from "../src/stores/sqlite/open.ts";
import { startEngine } from "../src/testing/engine-bench.ts";
import { openVault } from "../src/vault/open.ts";

const BYTES = 64 * 1024 * 1024;

const WORKER = `
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Large extends WorkflowEntrypoint {
  async run(event, step) {
    const part = new TextEncoder().encode("secret words ".repeat(5_042) + "no more");
    let left = ${BYTES};
    const config = { sensitive: "output", retries: { limit: 1, delay: 0 } };
    const stream = await step.do("large", config, async ({ attempt }) => new ReadableStream({
      pull(controller) {
        // The thread is lost in the middle of the first attempt.
        if (attempt === 1 && left < ${BYTES} / 2) process.exit(1);
        if (left === 0) return controller.close();
        const chunk = part.subarray(0, Math.min(left, part.byteLength));
        left -= chunk.byteLength;
        controller.enqueue(chunk);
      },
    }));
    let read = 0;
    let wrong = 0;
    for await (const chunk of stream) for (const byte of chunk) if (byte !== part[read++ % part.byteLength]) wrong += 1;
    return { read, wrong };
  }
}`;

test("64 MiB are whole in the end, and no byte of them is readable in the file", async () => {
  const directory = mkdtempSync(join(tmpdir(), "stepwell-"));
  const file = join(directory, "x.db");
  const { store, catalog } = await openSqlite(file);
  await catalog.putScriptVersion({
    id: "s1",
    script: "script",
    hash: "1",
    code: WORKER,
    bindings: [],
    compatibilityFlags: [],
    createdAt: 0,
  });
  const version = { id: "v1", workflow: "large", className: "Large", scriptVersionId: "s1", createdAt: 0, settings: {} };
  await catalog.putWorkflow(
    { id: "w1", name: "large", className: "Large", script: "script", versionId: "v1", createdAt: 0, modifiedAt: 0 },
    version,
  );
  const engine = await startEngine({
    store,
    catalog,
    executor: nodeExecutor({}),
    clock: systemClock,
    ids: { uuid: () => crypto.randomUUID() },
    vault: await openVault([], join(directory, "key")),
  });
  await engine.create("large", [{ id: "a" }], "api");
  expect(await lastOf(engine)).toMatchObject({ type: "workflow_completed", output: JSON.stringify({ read: BYTES, wrong: 0 }) });
  await engine.close();
  await store.close();
  expect(readFileSync(file).includes("secret words secret")).toBe(false);
  rmSync(directory, { recursive: true });
}, 120_000);

async function lastOf(engine: Engine): Promise<unknown> {
  let last: unknown;
  for await (const events of engine.follow({ workflow: "large", id: "a" }, new AbortController().signal)) last = events.at(-1);
  return last;
}
