/** One process of workerd: how it starts, how it is reached, and all the ways it can end. */
import { getCACertificates } from "node:tls";
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { networkInterfaces } from "node:os";
import type { WebSocket } from "ws";
import { Failure } from "../../../model/failures/failure.ts";
import type { HostEnd } from "../../../ports/executor.ts";
import { reasonOf, WorkerdChild } from "../child/child.ts";
import { processConfig, type ProcessConfig } from "./config.ts";
import { within } from "../child/deadline.ts";
import type { Sending } from "../connection/connection.ts";
import { opened } from "../child/lifeline.ts";
import { inMiB, residentBytes, watchMemory } from "./memory.ts";
import { HEADERS, type AnswerFor, type FromLoader, type Question, type ToLoader } from "../messages.ts";
import type { Output } from "./output.ts";
import { ownModules } from "../script/modules.ts";
import { refusedIn } from "./network.ts";
import { makeFolder, removeFolder, temporaryPath } from "../child/cleanup.ts";
import { Room } from "../host/room.ts";

/** How long a process that has broken a connection may take to end, if that is why, in milliseconds. */
const END_MS = 1_000;

/** What is sent is checked, but its size before that: no frame is larger than a few outputs. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** What holds for every process. */
export interface ProcessSettings extends Omit<ProcessConfig, "loader" | "token" | "refused" | "trusted"> {
  /** How long a process may go without answering, in milliseconds. */
  readonly hangAfterMs: number;
  /** The same while several isolates are open in it: each keeps the others waiting. */
  readonly sharedHangAfterMs: number;
  /** How long a process may take to listen, and a socket to open, in milliseconds. */
  readonly startMs: number;
  /** Bytes of memory above which a process gets no new isolates, and ends when it is empty. */
  readonly fullBytes: number;
  /** A process that takes more memory is killed, in bytes. */
  readonly memoryBytes: number;
  /** Aborted when no process is to be started any more; those that are starting are ended. */
  readonly closing: AbortSignal;
  /** Whether isolates can be debugged. */
  readonly isInspected: boolean;
}

/** Answers what the loader of a process asks; rejects with a `Failure` whose text user code may see. */
export type AnswerLoader = (process: WorkerdProcess, question: Question) => Promise<AnswerFor<Question>>;

/** Takes what comes over a socket. */
type Hear = (data: Buffer, isBinary: boolean, socket: WebSocket) => void;

/** What is asked of the loader. */
export interface Asked {
  readonly ask: "lifeline" | "load" | "look" | "link" | "fetch" | "dispatch" | "abort";
  readonly host: string;
  readonly request?: string;
  readonly follow?: "1";
  readonly origin?: string;
}

export class WorkerdProcess {
  readonly ended: Promise<HostEnd>;
  /** Resolves when it takes so much memory that what is in it should go on in another. Never, when it does not come to that. */
  readonly full: Promise<void>;
  /** Room for runs in it. */
  readonly room: Room;
  readonly #child: WorkerdChild;
  readonly #token: string;
  readonly #settings: ProcessSettings;
  readonly #output: Output;
  readonly #end: (end: HostEnd) => void;
  readonly #stopWatching: () => void;
  /** The scripts of its isolates, by the names of those. */
  readonly #scripts: Map<string, string> = new Map();
  #hosts = 0;
  #isTight = false;
  #isOver = false;
  #retired = false;
  #silentMs = 0;
  #wasSlow = false;
  #hungShared = false;
  /** Debuggers that may have stopped it. */
  #debuggers = 0;

  private constructor(child: WorkerdChild, token: string, settings: ProcessSettings, output: Output) {
    this.#settings = settings;
    this.#output = output;
    this.#child = child;
    this.#token = token;
    ({ promise: this.ended, resolve: this.#end } = Promise.withResolvers<HostEnd>());
    const { promise: full, resolve: isFull } = Promise.withResolvers<void>();
    this.full = full;
    this.room = new Room(settings.memoryBytes, (runs) => output.write(undefined, heldBack(runs, settings), "warn"));
    this.#stopWatching = watchMemory(child.pid, (bytes) => {
      this.#isTight = bytes > settings.memoryBytes / 2;
      this.room.look(bytes);
      if (bytes > settings.fullBytes) isFull();
      if (bytes > settings.memoryBytes) void this.kill(this.#died(tooLarge(bytes, settings)));
    });
    void child.how.then((how) => this.kill(this.#died(`The process of workerd is gone: ${how}`)));
  }

  /** Starts one, and resolves when it answers. Rejects with `Failure("executor.not_started")`; it is gone then. */
  static async start(settings: ProcessSettings, output: Output, answer: AnswerLoader): Promise<WorkerdProcess> {
    const { startMs, closing: signal, isInspected, assets, objects } = settings;
    const token = randomBytes(24).toString("base64url");
    const folder = temporaryPath("stepwell-workerd-");
    try {
      const { loader } = await ownModules();
      for (const path of [assets, objects]) if (path !== undefined) await mkdir(path, { recursive: true, mode: 0o700 });
      await makeFolder(folder);
      const refused = refusedIn(settings.network, networkInterfaces());
      const config = processConfig({ loader, token, refused, trusted: getCACertificates("extra"), ...settings });
      const child = await WorkerdChild.start({ config, folder, output, startMs, isInspected, signal });
      const process = new WorkerdProcess(child, token, settings, output);
      await process.#hold(answer);
      return process;
    } catch (cause) {
      signal.throwIfAborted();
      throw new Failure("executor.not_started", { detail: reasonOf(cause), cause });
    } finally {
      await removeFolder(folder);
    }
  }

  /** How many isolates are open in it. */
  get hosts(): number {
    return this.#hosts;
  }

  /** An isolate with a script is opened in it. One that is only there for calls from others does not keep it alive. */
  enter(host: string, script: string, isCallee: boolean): void {
    this.#scripts.set(host, script);
    if (!isCallee) this.#hosts += 1;
  }

  /** The isolate has ended. */
  leave(host: string, isCallee: boolean): void {
    this.#scripts.delete(host);
    this.room.leave(host);
    if (isCallee) return;
    this.#hosts -= 1;
    this.#endIfDone();
  }

  /** It is to end with the last of its isolates. */
  retire(): void {
    this.#retired = true;
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#retired && this.#hosts === 0) void this.kill({ kind: "closed" });
  }

  /** The inspector of one of its isolates, by its name there; undefined when none can be debugged. */
  inspectorOf(host: string): string | undefined {
    const { inspector } = this.#child;
    return inspector === undefined ? undefined : `ws://${inspector}/LOADER:${host}`;
  }

  /** True while a debugger is connected: then a hang cannot be detected. */
  get isDebugged(): boolean {
    return this.#debuggers > 0;
  }

  /** A debugger connects to an isolate; to be called back when it leaves. */
  suspendWatch(): () => void {
    this.#debuggers += 1;
    return () => (this.#debuggers -= 1);
  }

  /** True while it takes more than half of the memory that it may. */
  get isTight(): boolean {
    return this.#isTight;
  }

  /** True while it owes an answer. */
  get isSilent(): boolean {
    return this.#silentMs > 0;
  }

  /** True when it has been silent for longer than those that several isolates share may be. */
  get wasSlow(): boolean {
    return this.#wasSlow;
  }

  /** True when it has hung while several isolates were open in it: any of them may have been the cause. */
  get hungShared(): boolean {
    return this.#hungShared;
  }

  /** Whether it takes so much memory that it should get no further isolates. */
  async isFull(): Promise<boolean> {
    return (await residentBytes(this.#child.pid)) > this.#settings.fullBytes;
  }

  /** How it has ended, or undefined when it lives. A broken connection is noticed sooner than the end that is its reason. */
  endIfBroken(): Promise<HostEnd | undefined> {
    return within(END_MS, "The end of workerd", this.ended).catch(() => undefined);
  }

  /**
   * Asks the loader for something. Rejects when the process is gone, and with an `AbortError`. Of an answer with status 101
   * the socket is what goes on.
   */
  ask(asked: Asked, sending: Partial<Sending>): Promise<IncomingMessage> {
    const headers = { ...sending.headers, ...this.#headers(asked) };
    return this.#child.connection.send({ path: "/", method: "GET", ...sending, headers });
  }

  /** A socket to an isolate, open. `hear` gets what comes over it. Rejects when that takes longer than a start may. */
  async connect(asked: Asked, hear: Hear): Promise<WebSocket> {
    const socket = this.#child.open(this.#headers(asked), { maxPayload: MAX_MESSAGE_BYTES });
    // Not after the socket is open: messages that arrive with the opening would be emitted before its waiter continues.
    socket.on("message", (data: Buffer, isBinary: boolean) => hear(data, isBinary, socket));
    await opened(socket);
    return socket;
  }

  /** Ends it at once, with everything in it. Resolves when it is gone. */
  kill(end: HostEnd): Promise<void> {
    this.#finish(end);
    return this.#child.close();
  }

  close(): Promise<void> {
    return this.kill({ kind: "closed" });
  }

  #died(detail: string): HostEnd {
    return { kind: "died", detail, isShared: this.#hosts > 1 };
  }

  /** Takes in how it has ended, the first time. */
  #finish(end: HostEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopWatching();
    this.room.close();
    if (end.kind !== "closed") this.#output.write(undefined, describe(end, this.#scripts.values()), "error");
    this.#end(end);
  }

  /** Ties the two together. */
  async #hold(answer: AnswerLoader): Promise<void> {
    const { hangAfterMs, sharedHangAfterMs } = this.#settings;
    await this.#child.hold(this.#headers({ ask: "lifeline", host: "" }), {
      hangAfterMs: Math.min(hangAfterMs, sharedHangAfterMs),
      onSilent: (forMs) => this.#silent(forMs),
      onMessage: (data, send) => {
        this.#silentMs = 0;
        if (data.length > 0) void this.#tell(send, JSON.parse(data.toString()) as FromLoader, answer);
      },
      isExcused: () => this.isDebugged,
      onClosed: () => void this.kill(this.#died("The process of workerd has closed its socket")),
    });
  }

  async #tell(send: (text: string) => void, { id, question }: FromLoader, answer: AnswerLoader): Promise<void> {
    const say = (end: ToLoader["end"]): void => send(JSON.stringify({ id, end } satisfies ToLoader));
    try {
      say({ kind: "answered", answer: await answer(this, question) });
    } catch (cause) {
      say({ kind: "refused", message: (cause instanceof Failure ? cause : new Failure("internal_server")).message });
    }
  }

  /** Its isolates take turns: one that does not give way stops them all. */
  #silent(forMs: number): void {
    const { hangAfterMs, sharedHangAfterMs } = this.#settings;
    this.#silentMs = forMs;
    this.#wasSlow ||= forMs >= sharedHangAfterMs;
    const isShared = this.#hosts > 1;
    if (forMs < (isShared ? Math.min(hangAfterMs, sharedHangAfterMs) : hangAfterMs)) return;
    this.#hungShared = isShared;
    void this.kill({ kind: "hung", silentMs: forMs, isShared });
  }

  #headers({ ask, host, request = "", follow, origin = "" }: Asked): Record<string, string> {
    return {
      [HEADERS.token]: this.#token,
      [HEADERS.ask]: ask,
      [HEADERS.host]: host,
      [HEADERS.request]: request,
      [HEADERS.follow]: follow ?? "",
      [HEADERS.origin]: origin,
    };
  }
}

function tooLarge(bytes: number, { memoryBytes }: ProcessSettings): string {
  return `The process of workerd took ${inMiB(bytes)} of memory; it may take ${inMiB(memoryBytes)} (--worker-memory)`;
}

function heldBack(runs: number, { memoryBytes }: ProcessSettings): string {
  return `${runs} instances wait to begin: a process of workerd comes near the ${inMiB(memoryBytes)} that it may take (--worker-memory)`;
}

/** A line for the log. */
function describe(end: Exclude<HostEnd, { kind: "closed" }>, scripts: Iterable<string>): string {
  const names = [...new Set(scripts)].sort();
  const how = end.kind === "died" ? end.detail : `A process of workerd did not answer for ${end.silentMs} ms and was killed`;
  return `${how}. Workers in it: ${names.length === 0 ? "none" : names.join(", ")}`;
}
