/** An engine to measure, on a SQLite file of its own, with the benchmark's Worker deployed. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "../src/engine/engine.ts";
import type { EngineSettings } from "../src/engine/core.ts";
import { openEngine } from "../src/engine/open.ts";
import { inProcessExecutor } from "../src/executors/in-process/executor.ts";
import { nodeExecutor } from "../src/executors/node/executor.ts";
import { workerdExecutor } from "../src/executors/workerd/executor.ts";
import { encode } from "../src/model/value.ts";
import type { Catalog } from "../src/ports/catalog.ts";
import type { Executor } from "../src/ports/executor.ts";
import type { Store } from "../src/ports/store.ts";
import { systemClock } from "../src/ports/system-clock.ts";
import { openSqlite } from "../src/stores/sqlite/open.ts";
import { WORKER, WORKFLOWS } from "./workflows.ts";

export type ExecutorName = "node" | "workerd" | "in-process";

export interface Subject {
  readonly engine: Engine;
  readonly store: Store;
  readonly catalog: Catalog;
  readonly file: string;
  close(): Promise<void>;
}

/** Opens an engine in a folder, which is a new one unless it is given. `over` wraps its store. */
export async function openSubject(
  executor: ExecutorName,
  settings: Partial<EngineSettings> = {},
  folder?: string,
  over: (store: Store) => Store = (store) => store,
): Promise<Subject> {
  const home = folder ?? (await mkdtemp(join(tmpdir(), "stepwell-bench-")));
  const file = join(home, "bench.db");
  const { store: opened, catalog } = await openSqlite(file);
  const store = over(opened);
  await deploy(catalog);
  const engine = await openEngine({
    store,
    catalog,
    executor: await pick(executor),
    clock: systemClock,
    ids: { uuid: () => crypto.randomUUID() },
    settings,
  });
  return {
    engine,
    store,
    catalog,
    file,
    close: async () => {
      await engine.close();
      await store.close();
      if (folder === undefined) await rm(home, { recursive: true });
    },
  };
}

async function pick(name: ExecutorName): Promise<Executor> {
  if (name === "node") return nodeExecutor({});
  if (name === "workerd") return workerdExecutor({});
  const shim = "../src/runtime/cloudflare-workers.ts";
  const source = WORKER.replace("cloudflare:workers", new URL(shim, import.meta.url).href);
  const classes = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as Record<string, never>;
  return inProcessExecutor({ classes });
}

async function deploy(catalog: Catalog): Promise<void> {
  const createdAt = Date.now();
  await catalog.putScriptVersion({
    id: "bench-script",
    script: "bench",
    hash: "bench",
    code: WORKER,
    bindings: [],
    compatibilityFlags: [],
    createdAt,
  });
  for (const className of WORKFLOWS) {
    const version = {
      id: `${className}-v1`,
      workflow: className,
      className,
      scriptVersionId: "bench-script",
      createdAt,
      settings: {},
    };
    await catalog.putWorkflow(
      { id: className, name: className, className, script: "bench", versionId: version.id, createdAt, modifiedAt: createdAt },
      version,
    );
  }
}

type End = "complete" | "errored";

/** Creates instances in batches of 1,000 and resolves when so many of the workflow have ended, as they should. */
export async function complete(
  subject: Subject,
  workflow: string,
  count: number,
  params: unknown,
  end: End = "complete",
): Promise<void> {
  const before = (await subject.store.statusCounts(workflow))[end] ?? 0;
  const text = encode(params);
  for (let made = 0; made < count; made += 1_000) {
    const requests = Array.from({ length: Math.min(1_000, count - made) }, () => ({ params: text }));
    await subject.engine.create(workflow, requests, "api");
  }
  await completed(subject, workflow, before + count, end);
}

/** Resolves when so many instances of the workflow have ended, as they should. */
export async function completed(subject: Subject, workflow: string, count: number, end: End = "complete"): Promise<void> {
  const wrong = end === "complete" ? "errored" : "complete";
  for (;;) {
    const counts = await subject.store.statusCounts(workflow);
    if ((counts[wrong] ?? 0) > 0) throw new Error(`An instance is ${wrong}`);
    if ((counts[end] ?? 0) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
