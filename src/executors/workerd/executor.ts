/**
 * Runs scripts in workerd, Cloudflare's own runtime: each version in an isolate of its own, a few processes for all of
 * them. A process is the unit that fails: a script that never gives way, or needs more memory than there is, takes the
 * others of its process with it, and the engine replays what was lost elsewhere.
 */
import type { Executor } from "../../ports/executor.ts";
import { Failure } from "../../model/errors.ts";
import { writeLine, type OnLog } from "../../ports/script-log.ts";
import { needsStorage } from "./env.ts";
import { WorkerdHost } from "./host.ts";
import { Output } from "./output.ts";
import { Pool } from "./pool.ts";
import type { StorageProcess } from "./storage/process.ts";

/** Settings of a workerd executor. All are optional. */
export interface WorkerdExecutorOptions {
  /** How long a process may go without answering, and how long a script's top level may take. Default: 30,000. */
  readonly hangAfterMs?: number;
  /** How many processes there may be. Default: 2. */
  readonly processes?: number;
  /** The most that a V8 heap may take, in MiB. Default: 1,024. */
  readonly heapMiB?: number;
  /** A process that takes more memory than this gets no further scripts, and ends with the last of its own; in MiB. Default: 1,024. */
  readonly fullMiB?: number;
  /** What scripts may reach: `public`, `private`, `local`, and ranges of addresses. Default: `public`. */
  readonly network?: readonly string[];
  /** Holds what scripts keep in KV, D1 and R2. Without it such bindings are refused. Whoever gives it closes it. */
  readonly storage?: StorageProcess;
  /** Gets every line that a script writes. Default: standard output and standard error. */
  readonly onLog?: OnLog;
}

/** An executor whose hosts are isolates of workerd. */
export function workerdExecutor(options: WorkerdExecutorOptions = {}): Executor {
  const {
    hangAfterMs = 30_000,
    processes = 2,
    heapMiB = 1_024,
    fullMiB = 1_024,
    network = ["public"],
    onLog = writeLine,
    storage,
  } = options;
  const output = new Output(onLog);
  const settings = { network, heapMiB, ...(storage && { storage: storage.socket }) };
  const pool = new Pool({ processes, fullBytes: fullMiB * 1024 * 1024, settings, output });
  const hosts = new Set<WorkerdHost>();
  let last = 0;
  return {
    name: "workerd",
    open: async (version, bindings) => {
      if (needsStorage(version.bindings)) await openStorage(storage);
      const process = await pool.acquire();
      const id = `${version.id} ${(last += 1)}`;
      const host = new WorkerdHost({ id, process, version, bindings, output, hangAfterMs });
      hosts.add(host);
      void host.ended.then(() => hosts.delete(host));
      await host.load();
      return host;
    },
    close: async () => {
      await Promise.all([...hosts].map((host) => host.close()));
      await pool.close();
    },
  };
}

async function openStorage(storage: StorageProcess | undefined): Promise<void> {
  if (storage !== undefined) return storage.open();
  throw new Failure("script.binding_unsupported", { detail: "Bindings to KV, D1 and R2 need a data directory" });
}
