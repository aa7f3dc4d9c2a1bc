/**
 * Runs scripts in workerd, Cloudflare's own runtime: each version in an isolate of its own, a few processes for all of
 * them. A process is the unit that fails: a script that never gives way, or needs more memory than there is, takes the
 * others of its process with it, and the engine replays what was lost elsewhere.
 */
import { Failure } from "../../model/errors.ts";
import type { ScriptVersion } from "../../ports/catalog.ts";
import type { BindingHandler, Executor } from "../../ports/executor.ts";
import { writeLine, type OnLog } from "../../ports/script-log.ts";
import { needsStorage } from "./env.ts";
import { WorkerdHost } from "./host.ts";
import { Output } from "./output.ts";
import { Pool } from "./pool.ts";
import type { StorageProcess } from "./storage/process.ts";

/** Settings of a workerd executor. All are optional. */
export interface WorkerdExecutorOptions {
  /** How long code may run without giving way, and how long a script's top level may take, in milliseconds. Default: 30,000. */
  readonly hangAfterMs?: number;
  /**
   * The same for a script that shares its process with others, in milliseconds. Past it the process is ended, and each of its
   * scripts gets one of its own until it has been closed without having been so slow again. Default: 1,000.
   */
  readonly sharedHangAfterMs?: number;
  /** How many processes there may be. Default: 2. */
  readonly processes?: number;
  /** Whether one more is kept ready for when another dies. Default: true. */
  readonly hasSpare?: boolean;
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
    sharedHangAfterMs = 1_000,
    processes = 2,
    hasSpare = true,
    heapMiB = 1_024,
    fullMiB = 1_024,
    network = ["public"],
    onLog = writeLine,
    storage,
  } = options;
  const output = new Output(onLog);
  const settings = { network, heapMiB, hangAfterMs, sharedHangAfterMs, ...(storage && { storage: storage.socket }) };
  const pool = new Pool({ processes, hasSpare, fullBytes: fullMiB * 1024 * 1024, settings, output });
  const hosts = new Set<WorkerdHost>();
  let last = 0;
  const host = async (version: ScriptVersion, bindings: BindingHandler): Promise<WorkerdHost> => {
    const process = await pool.acquire(version.script);
    const id = `${version.id} ${(last += 1)}`;
    const made = new WorkerdHost({ id, process, version, bindings, output, hangAfterMs });
    hosts.add(made);
    void made.ended.then((end) => {
      hosts.delete(made);
      pool.learn(version.script, process, end);
    });
    return made;
  };
  return {
    name: "workerd",
    open: async (version, bindings) => {
      if (needsStorage(version.bindings)) await openStorage(storage);
      const first = await host(version, bindings);
      try {
        await first.load();
        return first;
      } catch (cause) {
        if (!first.isOthersFault) throw cause;
      }
      // Another process; after a hang one for it alone. If that ends, too, it is its own doing.
      const second = await host(version, bindings);
      await second.load();
      return second;
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
