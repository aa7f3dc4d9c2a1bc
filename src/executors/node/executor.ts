/**
 * Runs scripts in worker threads of this process, one thread a host. A thread keeps a script's crashes and hangs to
 * itself. It is separation, not a security boundary: the script can use every module of Node, files and network
 * included, with the rights of the process. And it is not complete: a thread whose heap outgrows its limit is usually
 * ended alone, but a single allocation far beyond the limit makes V8 end the whole process.
 */
import { setFlagsFromString } from "node:v8";
import type { ResourceLimits } from "node:worker_threads";
import { provisionsOf } from "../../bindings/provisions.ts";
import { Failure } from "../../model/failures/failure.ts";
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";
import type { Executor } from "../../ports/executor.ts";
import type { OnInvocation, OnLog } from "../../ports/script-log.ts";
import { writeLine } from "../output/lines.ts";
import { ThreadHost } from "./host.ts";

/** Settings of a node executor. All are optional. */
export interface NodeExecutorOptions {
  /** How long a thread may go without answering, and how long a script's top level may take. Default: 60,000. */
  readonly hangAfterMs?: number;
  /** What requests have in `cf` besides `clientAcceptEncoding`. Default: nothing. */
  readonly requestCf?: Readonly<Record<string, unknown>>;
  /** Heap and stack of a thread, as `node:worker_threads` has them. Default: Node's own, with a young generation of 16 MiB. */
  readonly resourceLimits?: ResourceLimits;
  /** Gets every line that a script writes. Default: standard output and standard error. */
  readonly onLog?: OnLog;
  /** Gets what is known of the invocations of scripts. */
  readonly onInvocation?: OnInvocation;
}

const DEFAULT_HANG_AFTER_MS = 60_000;

/**
 * Node gives a heap that has reached its limit 16 MiB more, to end the thread in. Whatever survives of the young
 * generation has to fit in there; with the larger one that Node allows by default it often does not, which ends the process.
 */
const YOUNG_GENERATION_MIB = 16;

/**
 * Threads share the code that V8 makes for functions that WebAssembly imports often. When threads come and go, V8 sometimes frees such
 * code twice, which ends the whole process ("Check failed: jit_page.has_value()" in `TierUpWasmToJSWrapper`). So none is made: the
 * general code, some nanoseconds slower a call, serves all.
 */
const NO_CODE_FOR_IMPORTS = "--wasm-wrapper-tiering-budget=2147483647";

/** An executor whose hosts are worker threads. */
export function nodeExecutor(options: NodeExecutorOptions = {}): Executor {
  setFlagsFromString(NO_CODE_FOR_IMPORTS);
  const settings = {
    hangAfterMs: options.hangAfterMs ?? DEFAULT_HANG_AFTER_MS,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB, ...options.resourceLimits },
    requestCf: options.requestCf ?? {},
    onLog: options.onLog ?? writeLine,
    onInvocation: options.onInvocation ?? (() => {}),
  };
  const hosts = new Set<ThreadHost>();
  let closed = false;
  return {
    name: "node",
    open: async (version, bindings) => {
      if (closed) throw new Failure("shutting_down");
      refuseForeign(version);
      const host = new ThreadHost(version, bindings, settings);
      hosts.add(host);
      void host.ended.then(() => hosts.delete(host));
      await host.load();
      return host;
    },
    close: async () => {
      closed = true;
      await Promise.all([...hosts].map((host) => host.close()));
    },
  };
}

/** Bindings that only Cloudflare's own runtime can give. */
function refuseForeign({ script, bindings, assets }: ScriptVersion): void {
  if (assets !== undefined)
    throw new Failure("script.binding_unsupported", { detail: "Static assets require --executor workerd" });
  const foreign = Object.entries(provisionsOf(script, bindings)).find(([, { is }]) => is === "stub");
  if (foreign === undefined) return;
  const [name, { type }] = foreign;
  const detail = `"${name}" is of the type ${type}, for which the server has to run with --executor workerd`;
  throw new Failure("script.binding_unsupported", { detail });
}
