/** One worker thread with one script version in it: how it starts, what is said to it and by it, and all the ways it can end. */
import { createInterface } from "node:readline";
import { getCompileCacheDir } from "node:module";
import { Worker, type ResourceLimits, type Transferable } from "node:worker_threads";
import { Failure } from "../../model/failures/failure.ts";
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";
import { answerCall } from "../../bindings/answer.ts";
import { provisionsOf } from "../../bindings/provisions.ts";
import type { BindingHandler, Host, HostEnd } from "../../ports/executor.ts";
import type { OnInvocation, OnLog } from "../../ports/script-log.ts";
import { saidInvocation, saidLine, scriptLine } from "../output/lines.ts";
import type { BindingCall } from "../../protocol/calls.ts";
import { encodeBatch, MalformedFrames } from "../../protocol/codec.ts";
import type { FromRuntime, ToRuntime } from "../../protocol/frames.ts";
import { invocationOf } from "../../protocol/invocation.ts";
import type { EventEnd, ScriptEvent } from "../../protocol/handlers.ts";
import { startHeartbeat, type Heartbeat } from "../../protocol/heartbeat.ts";
import { Dispatches } from "./dispatches.ts";
import type { Said, ThreadData, ToThread } from "./messages.ts";
import { received, type Received } from "./received.ts";
import { Requests } from "./requests.ts";
import { siblingUrl } from "./sibling.ts";

/** What holds for every thread of an executor. */
export interface ThreadSettings {
  readonly hangAfterMs: number;
  readonly requestCf: Readonly<Record<string, unknown>>;
  readonly resourceLimits: ResourceLimits;
  readonly onLog: OnLog;
  readonly onInvocation: OnInvocation;
}

export class ThreadHost implements Host {
  readonly ended: Promise<HostEnd>;
  readonly #version: ScriptVersion;
  readonly #bindings: BindingHandler;
  readonly #settings: ThreadSettings;
  readonly #worker: Worker;
  readonly #stops: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(4));
  readonly #requests: Requests;
  readonly #dispatches: Dispatches = new Dispatches((message) => this.#post(message));
  readonly #loaded: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #end: (end: HostEnd) => void;
  #heartbeat: Heartbeat | undefined;
  #handler: ((frames: readonly FromRuntime[]) => void) | undefined;
  #over = false;

  constructor(version: ScriptVersion, bindings: BindingHandler, settings: ThreadSettings) {
    this.#version = version;
    this.#bindings = bindings;
    this.#settings = settings;
    ({ promise: this.ended, resolve: this.#end } = Promise.withResolvers<HostEnd>());
    this.#worker = startThread(version, settings, this.#stops);
    this.#requests = new Requests((message, transfer) => this.#post(message, transfer));
    this.#worker.on("message", (posted: unknown) => this.#receive(posted));
    // A message that is lost leaves a run waiting for ever.
    this.#worker.on("messageerror", (error) => this.#finish({ kind: "died", detail: firstLine(error) }));
    this.#worker.on("error", (error: unknown) => this.#finish({ kind: "died", detail: firstLine(error) }));
    this.#worker.on("exit", (code) => this.#finish({ kind: "died", detail: `The thread exited with code ${code}` }));
  }

  /** Resolves when the script has run its top level. Rejects with `Failure("script.invalid")` when that fails, and ends the host. */
  async load(): Promise<void> {
    const { hangAfterMs } = this.#settings;
    const late = setTimeout(() => this.#refuse(`The Worker's top level did not finish within ${hangAfterMs} ms`), hangAfterMs);
    late.unref();
    try {
      await this.#loaded.promise;
    } finally {
      clearTimeout(late);
    }
    const ping = (): void => this.#post({ type: "ping" });
    this.#heartbeat = startHeartbeat(hangAfterMs, ping, (forMs) => {
      if (forMs >= hangAfterMs) this.#finish({ kind: "hung", silentMs: forMs });
    });
  }

  send(frames: readonly ToRuntime[]): void {
    for (const { type } of frames) if (type === "stop") Atomics.add(this.#stops, 0, 1);
    for (const parcel of encodeBatch(frames)) this.#post(parcel, typeof parcel === "string" ? [] : [parcel.bytes.buffer]);
  }

  onFrames(handler: (frames: readonly FromRuntime[]) => void): void {
    this.#handler = handler;
  }

  fetch(request: Request, over?: () => void): Promise<Response> {
    if (request.headers.has("upgrade")) return Promise.reject(new Failure("script.no_sockets"));
    return this.#requests.fetch(request, over);
  }

  dispatch(event: ScriptEvent): Promise<EventEnd> {
    return this.#dispatches.dispatch(event);
  }

  async close(): Promise<void> {
    this.#finish({ kind: "closed" });
    await this.#worker.terminate();
  }

  #post(message: ToThread, transfer: readonly Transferable[] = []): void {
    if (!this.#over) this.#worker.postMessage(message, transfer);
  }

  #receive(posted: unknown): void {
    let said: Received;
    try {
      said = received(posted);
    } catch (cause) {
      if (!(cause instanceof MalformedFrames)) throw cause;
      return this.#finish({ kind: "died", detail: cause.message });
    }
    if ("frames" in said) {
      if (!this.#over) this.#handler?.(said.frames);
      return;
    }
    const { message } = said;
    // What was said before the end may arrive after it.
    if (message.type === "said") return this.#hear(message);
    if (message.type === "invocation") return this.#learn(message.invocation);
    if (this.#over) return;
    switch (message.type) {
      case "pong":
        this.#heartbeat?.answered();
        return;
      case "loaded":
        this.#loaded.resolve();
        return;
      case "unloadable":
        this.#refuse(message.detail);
        return;
      case "fetched":
        this.#requests.settle(message.id, message.end);
        return;
      case "dispatched":
        this.#dispatches.settle(message.id, message.answer);
        return;
      case "call":
        void this.#call(message.id, message.call);
    }
  }

  #hear(said: Said): void {
    this.#settings.onLog(saidLine(said.text, { ...said }, this.#version));
  }

  #learn(sent: unknown): void {
    const invocation = invocationOf(sent);
    if (invocation !== undefined) this.#settings.onInvocation(saidInvocation(invocation, this.#version));
  }

  async #call(id: number, call: BindingCall): Promise<void> {
    const end = await answerCall(this.#version, this.#bindings, call, (cause) =>
      this.#settings.onLog(
        scriptLine(`A call of a binding failed: ${firstLine(cause)}`, { level: "error", version: this.#version }),
      ),
    );
    this.#post({ type: "called", id, end });
  }

  /** The script does not load. */
  #refuse(detail: string): void {
    this.#loaded.reject(new Failure("script.invalid", { detail }));
    this.#finish({ kind: "died", detail });
  }

  /** Ends the host at once. What the thread still sends until it stops is ignored. */
  #finish(end: HostEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#loaded.reject(new Failure(...notLoaded(end)));
    this.#heartbeat?.stop();
    this.#requests.abandon();
    this.#dispatches.abandon();
    this.#end(end);
    void this.#worker.terminate();
  }
}

/** Only matters while the script loads. */
function notLoaded(end: HostEnd): ConstructorParameters<typeof Failure> {
  return end.kind === "died" ? ["script.invalid", { detail: end.detail }] : ["script.unavailable"];
}

function startThread(
  version: ScriptVersion,
  { resourceLimits, requestCf, onLog }: ThreadSettings,
  stops: ThreadData["stops"],
): Worker {
  const { script, bindings, code, mainModule, modules } = version;
  const parts = { ...(mainModule && { mainModule }), ...(modules && { modules }) };
  const provisions = provisionsOf(script, bindings);
  const data: ThreadData = { code: { code, ...parts }, provisions, requestCf, stops, compiled: getCompileCacheDir() };
  const worker = new Worker(siblingUrl("./entry"), {
    name: `script ${script}`,
    workerData: data,
    // Nothing of the server's own: neither its environment, nor its arguments, nor its flags.
    env: {},
    argv: [],
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdout: true,
    stderr: true,
    resourceLimits,
  });
  // What does not go through the console.
  createInterface({ input: worker.stdout }).on("line", (line) => onLog(scriptLine(line, { level: "log", version })));
  createInterface({ input: worker.stderr }).on("line", (line) => onLog(scriptLine(line, { level: "error", version })));
  return worker;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.split("\n", 1)[0] ?? "";
}
