/**
 * Reads a script's code without running it, in a thread of its own: the parser takes more than half a second a megabyte, and 15 s
 * for 30,000 small functions, which would block all other work. The thread lives while there is code to read, and a little
 * longer.
 */
import { Worker } from "node:worker_threads";
import { LIMITS } from "../../model/limits.ts";
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";
import { systemClock } from "../../system/clock.ts";

/** What the thread is asked. */
export type Question =
  | { readonly type: "exports"; readonly script: Pick<ScriptVersion, "code" | "modules"> }
  | { readonly type: "graph"; readonly code: string; readonly className: string };

/** Names that a script's main module exports. Undefined where they cannot be determined: then no export is refused as missing. */
export async function readExports({ code, modules }: Pick<ScriptVersion, "code" | "modules">): Promise<string[] | undefined> {
  return (await ask({ type: "exports", script: { code, ...(modules && { modules }) } })) as string[] | undefined;
}

/** The graph of the workflow that a script exports under a name, as text; undefined when there is none (`graph/draw.ts`). */
export async function readGraph(code: string, className: string): Promise<string | undefined> {
  if (code.length > LIMITS.graphCode) return undefined;
  return (await ask({ type: "graph", code, className })) as string | undefined;
}

/** How long the thread stays when it has nothing to read, in milliseconds: deployments come in rows. */
const IDLE_MS = 10_000;

/** What the thread may use for a syntax tree; code that needs more is not read. */
const HEAP_MIB = 1_024;

let thread: Thread | undefined;

/** Undefined also when the thread ends, or has not answered in time: what is read from code is never worth a deployment. */
function ask(question: Question): Promise<unknown> {
  if (thread === undefined || thread.hasEnded) thread = new Thread();
  return thread.ask(question);
}

class Thread {
  readonly #worker: Worker;
  readonly #waiting: ((answer: unknown) => void)[] = [];
  #leave: () => void = () => undefined;
  hasEnded = false;

  constructor() {
    // Sources run as `.ts`, the published package as `.js`.
    const extension = new URL(import.meta.url).pathname.endsWith(".ts") ? "ts" : "js";
    this.#worker = new Worker(new URL(`./thread.${extension}`, import.meta.url), {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    this.#worker.on("message", (answer) => this.#settle(answer));
    // Out of memory, for one: callers are answered when the thread exits.
    this.#worker.on("error", () => undefined);
    this.#worker.on("exit", () => this.#end());
  }

  ask(question: Question): Promise<unknown> {
    this.#leave();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const cancel = systemClock.alarm(systemClock.now() + LIMITS.analysisMs, () => this.#end());
    if (this.#waiting.push(resolve) === 1) this.#worker.ref();
    this.#worker.postMessage(question);
    return promise.finally(cancel);
  }

  #settle(answer: unknown): void {
    this.#waiting.shift()?.(answer);
    if (this.#waiting.length > 0) return;
    this.#worker.unref();
    this.#leave = systemClock.alarm(systemClock.now() + IDLE_MS, () => this.#end());
  }

  #end(): void {
    this.hasEnded = true;
    this.#leave();
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
    void this.#worker.terminate();
  }
}
