/**
 * Runs scripts in workerd, Cloudflare's own runtime: each version in an isolate of its own, a few processes for all of
 * them. A process is the unit that fails: a script that never gives way, or needs more memory than there is, takes the
 * others of its process with it, and the engine replays what was lost elsewhere.
 */
import { Failure } from "../../model/failures/failure.ts";
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";
import type { BindingHandler, Executor, FindCallee } from "../../ports/executor.ts";
import type { Followed, OnInvocation, OnLog } from "../../ports/script-log.ts";
import { writeLine } from "../output/lines.ts";
import { reasonOf } from "./child/child.ts";
import { Callees } from "./host/callees.ts";
import { needsHome, needsObjects, needsStorage } from "./script/needs.ts";
import { sharedProcess } from "./host/shared-process.ts";
import { defaultMemoryMiB } from "./process/memory.ts";
import { WorkerdHost, type HostParts } from "./host/host.ts";
import type { InspectorTargets } from "./inspector/targets.ts";
import { Output } from "./process/output.ts";
import { Pool } from "./process/pool.ts";
import type { AnswerLoader, ProcessSettings, WorkerdProcess } from "./process/process.ts";
import type { StorageProcess } from "./storage/process.ts";

const MIB = 1024 * 1024;

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
  /**
   * The most memory that a process may take, in MiB; past it the process is killed, and its instances are replayed. Unlike
   * `heapMiB` it counts what scripts hold outside of their heaps. Default: 4,096, or half of the machine's, if that is less.
   */
  readonly memoryMiB?: number;
  /**
   * A process that takes more memory than this gets no further scripts, hands its own over to another, and ends when the last
   * has nothing to do; in MiB. The process of scripts that call one another has no such bound. Default: half of `memoryMiB`.
   */
  readonly fullMiB?: number;
  /** How long a process may take to start, in milliseconds. Default: 30,000; a twentieth of a second is usual. */
  readonly startMs?: number;
  /** What requests have in `cf` besides `clientAcceptEncoding`. Default: nothing. */
  readonly requestCf?: Readonly<Record<string, unknown>>;
  /** What scripts may reach: `public`, `private`, `local`, and ranges of addresses. Default: `public`. */
  readonly network?: readonly string[];
  /** Path of the socket of a proxy that makes the requests of scripts, in place of the network. */
  readonly outbound?: string;
  /** Stores the data of KV, D1 and R2. Without it such bindings are refused. The caller closes it. */
  readonly storage?: StorageProcess;
  /** The folder that Durable Objects are kept in. Without it bindings to them are refused. */
  readonly objects?: string;
  /** The folder of static assets; without it scripts that have some are refused. */
  readonly assets?: string;
  /** Finds scripts that others are bound to. Without it there are none. */
  readonly callees?: FindCallee;
  /** Gets isolates that can be debugged. Without it none can. */
  readonly targets?: InspectorTargets;
  /** Gets every line that a script writes. Default: standard output and standard error. */
  readonly onLog?: OnLog;
  /** Gets what is known of the invocations of scripts that are `followed`. */
  readonly onInvocation?: OnInvocation;
  /** Default: none is. */
  readonly followed?: Followed;
}

/** An executor that can say beforehand whether it works. */
export interface WorkerdExecutor extends Executor {
  /** Starts the first process. Rejects with `Failure("executor.not_started")` when that fails. */
  start(): Promise<void>;
  /** Scripts can be found and answered: alarms of Durable Objects may ring from now on. */
  startAlarms(): void;
}

/** An executor whose hosts are isolates of workerd. */
export function workerdExecutor(options: WorkerdExecutorOptions = {}): WorkerdExecutor {
  const { processes = 2, hasSpare = true, onLog = writeLine, objects } = options;
  const { callees: find = () => Promise.resolve(undefined) } = options;
  const closing = new AbortController();
  const settings = settingsOf(options, closing.signal);
  const { hangAfterMs, memoryBytes } = settings;
  const output = new Output(onLog, options.onInvocation);
  const hosts = new Set<WorkerdHost>();
  const make = hostMaker({ output, hangAfterMs, targets: options.targets, followed: options.followed }, hosts);
  options.followed?.onChange((script) => {
    for (const host of hosts) if (host.script === script) host.follow();
  });
  const callees = new Callees(find, async (process, { version, bindings }) => {
    await prepare(version, options);
    const over = new AbortController();
    const host = make(process, version, { bindings: bindings(over.signal), isCallee: true });
    void host.ended.then((end) => {
      over.abort();
      if (end.kind === "died")
        output.write(version, `Its isolate for calls from other Workers has ended: ${end.detail}`, "error");
    });
    await host.load();
    return host;
  });
  const parts = { output, answer: answering(callees, hosts) };
  const pool = new Pool({ ...parts, processes, hasSpare, settings });
  // What is there cannot be parted: each may take as long as if it were alone, and there is no other process to go on in.
  const own = { sharedHangAfterMs: hangAfterMs, fullBytes: memoryBytes };
  const shared = sharedProcess({ ...parts, settings: { ...settings, ...own }, objects });
  const place = async (version: ScriptVersion, bindings: BindingHandler): Promise<WorkerdHost> => {
    const process = await (needsHome(version) ? shared.acquire() : pool.acquire(version.script));
    const host = make(process, version, { bindings });
    void host.ended.then((end) => pool.learn(version.script, process, end, host.diedAlone));
    return host;
  };
  return {
    name: "workerd",
    start: () => pool.warm(),
    startAlarms: () => shared.startIfNeeded(),
    open: async (version, bindings) => {
      await prepare(version, options);
      return loaded(() => place(version, bindings));
    },
    close: async () => {
      closing.abort(new Failure("shutting_down"));
      callees.close();
      await Promise.all([...hosts].map((host) => host.close()));
      await Promise.all([pool.close(), shared.close()]);
    },
  };
}

/** Answers loaders: what is called goes to the callees; an isolate that workerd no longer has ends its host. */
function answering(callees: Callees, hosts: ReadonlySet<WorkerdHost>): AnswerLoader {
  return async (process, question) => {
    if (question.ask !== "gone") return callees.answer(process, question);
    for (const host of hosts) if (host.id === question.host) host.lose();
    return {};
  };
}

/** What holds for all of its processes. */
function settingsOf(options: WorkerdExecutorOptions, closing: AbortSignal): ProcessSettings {
  const { hangAfterMs = 30_000, sharedHangAfterMs = 1_000, startMs = 30_000, network = ["public"] } = options;
  const { requestCf = {}, outbound } = options;
  const { heapMiB = 1_024, memoryMiB = defaultMemoryMiB(), fullMiB = memoryMiB / 2, storage, assets } = options;
  const memory = { heapMiB, fullBytes: fullMiB * MIB, memoryBytes: memoryMiB * MIB };
  const kept = {
    ...(storage && { storage: storage.socket }),
    ...(assets !== undefined && { assets }),
    ...(outbound !== undefined && { outbound }),
  };
  const isInspected = options.targets !== undefined;
  return { isInspected, requestCf, network, hangAfterMs, sharedHangAfterMs, startMs, closing, ...memory, ...kept };
}

/** A host that has loaded. One that others have kept from it is tried again: in another process, after a hang in one for it alone. */
async function loaded(place: () => Promise<WorkerdHost>): Promise<WorkerdHost> {
  const first = await place();
  try {
    await first.load();
    return first;
  } catch (cause) {
    if (!first.isOthersFault) throw cause;
  }
  // If that ends, too, it is its own doing.
  const second = await place();
  await second.load();
  return second;
}

type MakeHost = (process: WorkerdProcess, version: ScriptVersion, more: Pick<HostParts, "bindings" | "isCallee">) => WorkerdHost;

/** Makes hosts, numbered from 1, and keeps those that are open among `hosts`. */
function hostMaker(parts: Pick<HostParts, "output" | "hangAfterMs" | "targets" | "followed">, hosts: Set<WorkerdHost>): MakeHost {
  let last = 0;
  return (process, version, more) => {
    const host = new WorkerdHost({ id: `${version.id}.${(last += 1)}`, process, version, ...parts, ...more });
    hosts.add(host);
    void host.ended.then(() => hosts.delete(host));
    return host;
  };
}

/** What a script keeps has to be reachable before it runs. */
async function prepare(version: ScriptVersion, { storage, objects, assets }: WorkerdExecutorOptions): Promise<void> {
  const refuse = (what: string): never => {
    throw new Failure("script.binding_unsupported", { detail: `${what} need a data directory` });
  };
  if (needsObjects(version) && objects === undefined) refuse("Durable Objects");
  if (version.assets !== undefined && assets === undefined) refuse("Static assets");
  if (!needsStorage(version)) return;
  if (storage === undefined) refuse("Bindings to KV, D1 and R2");
  await storage?.open().catch((cause: unknown) => {
    // It says nothing about the script, which may be opened again.
    throw new Failure("executor.not_started", { detail: reasonOf(cause), cause });
  });
}
