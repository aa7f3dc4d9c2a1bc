/** An engine to measure, on a SQLite file of its own, with the benchmark's Worker deployed. */
import { statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "../src/engine/contract.ts";
import type { EngineSettings } from "../src/engine/state/settings.ts";
import { openEngine } from "../src/engine/open.ts";
import { inProcessExecutor } from "../src/executors/in-process/executor.ts";
import { nodeExecutor } from "../src/executors/node/executor.ts";
import { workerdExecutor } from "../src/executors/workerd/executor.ts";
import { encode } from "../src/model/values/value.ts";
import type { Catalog } from "../src/ports/catalog/catalog.ts";
import type { Executor } from "../src/ports/executor.ts";
import type { OnLog } from "../src/ports/script-log.ts";
import { writeLine } from "../src/executors/output/lines.ts";
import type { Store } from "../src/ports/store.ts";
import { systemClock } from "../src/system/clock.ts";
import { Hosts } from "../src/workers/hosts/hosts.ts";
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
    hosts: new Hosts({ executor: await pick(executor), clock: systemClock }),
    clock: systemClock,
    ids: { uuid: () => crypto.randomUUID() },
    settings,
  });
  engine.start();
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

/** What the Worker throws it throws on purpose; an error that is none of a row's business ends its measurement anyway. */
const onLog: OnLog = (line) => line.kind === "console" && writeLine(line);

async function pick(name: ExecutorName): Promise<Executor> {
  if (name === "node") return nodeExecutor({ onLog });
  if (name === "workerd") return workerdExecutor({ onLog });
  const shim = "../src/runtime/cloudflare/workers.ts";
  const source = WORKER.replace("cloudflare:workers", new URL(shim, import.meta.url).href);
  const classes = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as Record<string, never>;
  return inProcessExecutor({ classes });
}

/** Deploys the benchmark's Worker, or a version of it, as a script whose workflows begin with its name unless it is the first. */
export async function deploy(catalog: Catalog, script: string = "bench", mark: string = "first"): Promise<void> {
  const createdAt = Date.now();
  const scriptVersionId = `${script}-${mark}`;
  const version = {
    id: scriptVersionId,
    script,
    hash: scriptVersionId,
    code: WORKER,
    bindings: [],
    compatibilityFlags: [],
    createdAt,
  };
  await catalog.putScriptVersion(version);
  for (const className of WORKFLOWS) {
    const name = script === "bench" ? className : `${script}-${className}`;
    const id = `${name}-${mark}`;
    await catalog.putWorkflow(
      { id: name, name, className, script, versionId: id, createdAt, modifiedAt: createdAt },
      { id, workflow: name, className, scriptVersionId, createdAt, settings: {} },
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

/** How long instances may all stand still before a measurement is given up, in milliseconds. */
const STILL_MS = 60_000;

/**
 * Resolves when so many instances of the workflow have ended, as they should. Rejects when one has ended otherwise, and when
 * none has ended and nothing has been flushed for a minute.
 */
export async function completed(subject: Subject, workflow: string, count: number, end: End = "complete"): Promise<void> {
  const wrong = end === "complete" ? "errored" : "complete";
  // Seldom: it is done in the time that is measured.
  let lookAt = performance.now() + STILL_MS;
  let before = "";
  for (;;) {
    const counts = await subject.store.statusCounts(workflow);
    if ((counts[wrong] ?? 0) > 0) throw new Error(`An instance of ${workflow} is ${wrong}${await reason(subject, workflow)}`);
    if ((counts[end] ?? 0) >= count) return;
    if (performance.now() >= lookAt) {
      const state = `${JSON.stringify(counts)} ${statSync(`${subject.file}-wal`).mtimeMs}`;
      if (state === before)
        throw new Error(`Nothing has happened for ${STILL_MS / 1_000} s; instances of ${workflow}: ${JSON.stringify(counts)}`);
      before = state;
      lookAt += STILL_MS;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function reason({ store }: Subject, workflow: string): Promise<string> {
  const [group] = await store.errorGroups({ workflow, offset: 0, limit: 1 });
  return group === undefined ? "" : `: ${group.name}: ${group.message}`;
}
