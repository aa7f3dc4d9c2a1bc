/** One isolate with one script version in it: how it is loaded, what is said to it and by it, and how it ends. */
import { WebSocket } from "ws";
import { Failure } from "../../../model/failures/failure.ts";
import type { ScriptVersion } from "../../../ports/catalog/script-versions.ts";
import { answerCall } from "../../../bindings/answer.ts";
import { exportedBindings } from "../../../bindings/exported.ts";
import { provisionsOf, valuesOf } from "../../../bindings/provisions.ts";
import type { BindingHandler, Host, HostEnd } from "../../../ports/executor.ts";
import type { Followed } from "../../../ports/script-log.ts";
import type { BindingCall } from "../../../protocol/calls.ts";
import { chunkToBytes, encodeBatch, MalformedFrames } from "../../../protocol/codec.ts";
import type { FromRuntime, ToRuntime } from "../../../protocol/frames.ts";
import { startHeartbeat, type Heartbeat } from "../../../protocol/heartbeat.ts";
import type { Invocation } from "../../../protocol/invocation.ts";
import type { EventEnd, ScriptEvent } from "../../../protocol/handlers.ts";
import { loadingAssets } from "../script/assets.ts";
import { compatibility } from "../script/compatibility.ts";
import { describeLoadError } from "../output/load-error.ts";
import { type FromIsolate, HEADERS, type Loaded, type Loading, type ToIsolate } from "../messages.ts";
import { dispatch } from "./dispatch.ts";
import { facadesOf, objectsOf } from "../script/env.ts";
import { assetModule, isolateModules, ownModules } from "../script/modules.ts";
import type { Output } from "../process/output.ts";
import type { InspectorTargets } from "../inspector/targets.ts";
import type { WorkerdProcess } from "../process/process.ts";
import { received, type Received } from "./received.ts";
import { ask, textOf } from "./requests.ts";

/** What a host is made of. */
export interface HostParts {
  /** Names the isolate in its process. Never used twice. */
  readonly id: string;
  readonly process: WorkerdProcess;
  readonly version: ScriptVersion;
  readonly bindings: BindingHandler;
  readonly output: Output;
  readonly hangAfterMs: number;
  /** It is there for calls from scripts of its process, and does not keep that alive. */
  readonly isCallee?: boolean;
  /** Gets it once it has loaded, when it can be debugged. */
  readonly targets?: InspectorTargets | undefined;
  /** The scripts whose invocations are reported; none when it is absent. */
  readonly followed?: Followed | undefined;
}

export class WorkerdHost implements Host {
  readonly ended: Promise<HostEnd>;
  readonly #parts: HostParts;
  readonly #key: string;
  readonly #end: (end: HostEnd) => void;
  readonly #gone: AbortController = new AbortController();
  #socket: WebSocket | undefined;
  #handler: ((frames: readonly FromRuntime[]) => void) | undefined;
  #heartbeat: Heartbeat | undefined;
  #hasFetch = false;
  #over = false;
  #isDead = false;
  #processDied = false;
  #wasCutOff = false;

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.#key = parts.output.key(parts.version);
    ({ promise: this.ended, resolve: this.#end } = Promise.withResolvers<HostEnd>());
    parts.process.enter(parts.id, parts.version.script, parts.isCallee === true);
    void parts.process.ended.then((end) => {
      this.#processDied = end.kind === "died";
      this.#finish(end);
    });
  }

  /** Names the isolate in its process. */
  get id(): string {
    return this.#parts.id;
  }

  get script(): string {
    return this.#parts.version.script;
  }

  /** Sends the isolate whether the script is followed, which may have changed. */
  follow(): void {
    this.#say({ type: "follow", isFollowed: this.#isFollowed });
  }

  get #isFollowed(): boolean {
    return this.#parts.followed?.has(this.script) === true;
  }

  /** Resolves when the script has run its top level. Rejects with `Failure("script.invalid")` when that fails, and ends the host. */
  async load(): Promise<void> {
    const { process, id } = this.#parts;
    try {
      const { hasFetch, canCut } = await this.#ask();
      if (!canCut) throw new Failure("internal_server", { detail: "This workerd cannot end a run" });
      this.#hasFetch = hasFetch;
      this.#attach(await process.connect({ ask: "link", host: id }, (data, isBinary) => this.#receive(data, isBinary)));
      this.#watch();
      if (this.#isFollowed) this.follow();
      await this.#offer();
    } catch (cause) {
      // What is no failure of the catalogue is a connection that broke.
      this.#wasCutOff = !(cause instanceof Failure);
      this.#finish({ kind: "died", detail: String(cause) });
      throw cause instanceof Failure ? cause : new Failure("script.unavailable", { cause });
    }
  }

  /** Lets debuggers in. */
  async #offer(): Promise<void> {
    const { process, id, version, targets } = this.#parts;
    const url = process.inspectorOf(id);
    if (targets === undefined || url === undefined || this.#over) return;
    const { script, sourceMap, mainModule } = version;
    await targets.add({ script, sourceMap, mainModule, url, ended: this.ended, suspendWatch: () => process.suspendWatch() });
  }

  send(frames: readonly ToRuntime[]): void {
    if (this.#over) return;
    const runs = frames.reduce((count, { type }) => (type === "start" ? count + 1 : count), 0);
    if (runs > 0) this.#parts.process.room.sent(this.#parts.id, runs);
    for (const parcel of encodeBatch(frames)) this.#socket?.send(typeof parcel === "string" ? parcel : chunkToBytes(parcel));
  }

  onFrames(handler: (frames: readonly FromRuntime[]) => void): void {
    this.#handler = handler;
  }

  fetch(request: Request, over: () => void = () => {}): Promise<Response> {
    if (!this.#over && !this.#hasFetch && this.#parts.version.assets === undefined)
      return Promise.reject(new Failure("script.no_fetch_handler"));
    const { process, id, output, version } = this.#parts;
    const cut = (invocation: Invocation): void => output.tell(version, invocation);
    return ask({ process, host: id, gone: this.#gone.signal, over, cut, isFollowed: this.#isFollowed }, request);
  }

  dispatch(event: ScriptEvent): Promise<EventEnd> {
    return dispatch(this.#parts.process, this.#parts.id, event, this.#gone.signal);
  }

  /** True when it did not load because its process ended or could not be reached, for which others may have been the reason. */
  get isOthersFault(): boolean {
    return this.#wasCutOff || this.#processDied || this.#parts.process.hungShared;
  }

  /** Resolves when its process has grown so large that others should do what comes next. */
  get leaving(): Promise<void> {
    return this.#parts.process.full;
  }

  get isTight(): boolean {
    return this.#parts.process.isTight;
  }

  room(): Promise<void> | undefined {
    return this.#over ? undefined : this.#parts.process.room.take(this.#parts.id);
  }

  /** True when it died and its process did not: code of it that could not be stopped may go on there. */
  get diedAlone(): boolean {
    return this.#socket !== undefined && this.#isDead && !this.#processDied;
  }

  /** workerd no longer has the isolate. */
  lose(): void {
    this.#finish({ kind: "died", detail: "Its isolate was aborted, by its code (abortIsolate) or by workerd" });
  }

  /** The isolate ends everything in it when its socket closes. */
  close(): Promise<void> {
    this.#finish({ kind: "closed" });
    return Promise.resolve();
  }

  async #ask(): Promise<Loaded> {
    const { process, version, hangAfterMs } = this.#parts;
    const { bindings, classes } = exportedBindings(version);
    const provisions = provisionsOf(version.script, [...version.bindings, ...bindings]);
    const prepared = { key: this.#key, objects: objectsOf(provisions), exported: classes };
    const worker: Loading["worker"] = {
      ...compatibility(version),
      ...isolateModules(await ownModules(), version, prepared, this.#parts.targets !== undefined),
      env: valuesOf(provisions),
    };
    const assets = version.assets && loadingAssets(version.assets, version.code !== "", await assetModule(), worker);
    const loading: Loading = { worker, facades: facadesOf(provisions), ...(assets && { assets }) };
    const refusal = new Failure("script.invalid", { detail: `The Worker's top level did not finish within ${hangAfterMs} ms` });
    const over = new AbortController();
    const { promise: late, reject } = Promise.withResolvers<never>();
    // A debugger may have stopped what comes before it in its process.
    const timer = setInterval(() => {
      if (process.isDebugged) return;
      if (process.isSilent) void process.kill({ kind: "hung", silentMs: hangAfterMs, isShared: process.hosts > 1 });
      reject(refusal);
      over.abort();
    }, hangAfterMs);
    try {
      return await Promise.race([late, this.#answer(loading, over.signal)]);
    } catch (cause) {
      if (cause instanceof Failure) throw cause;
      const end = await process.endIfBroken();
      throw end?.kind === "hung" && !process.hungShared ? refusal : cause;
    } finally {
      clearInterval(timer);
    }
  }

  async #answer(loading: Loading, signal: AbortSignal): Promise<Loaded> {
    const { process, id } = this.#parts;
    const answer = await process.ask({ ask: "load", host: id }, { method: "POST", body: JSON.stringify(loading), signal });
    const text = await textOf(answer);
    if (answer.headers[HEADERS.end] === "answered") return JSON.parse(text) as Loaded;
    throw new Failure("script.invalid", { detail: describeLoadError(text) });
  }

  #attach(socket: WebSocket): void {
    this.#socket = socket;
    if (this.#over) return socket.terminate();
    // If it is its process that has gone, that is known by the end of this turn.
    const closed = (code?: number, reason?: Buffer): void => {
      const why = code === undefined ? "" : ` (${[code, reason?.toString()].filter(Boolean).join(": ")})`;
      setImmediate(() => this.#finish({ kind: "died", detail: `The isolate has closed its socket${why}` }));
    };
    socket.on("close", closed);
    if (socket.readyState !== WebSocket.OPEN) closed();
  }

  /**
   * The heartbeat of the process says that the loader answers; this one, that the isolate's own loop turns and that workerd
   * still has the isolate. While the process owes an answer the isolate is not to blame.
   */
  #watch(): void {
    const { process, hangAfterMs } = this.#parts;
    if (this.#over) return;
    const silent = (forMs: number): void => {
      if (forMs >= hangAfterMs) this.#finish({ kind: "died", detail: `Its loop has not turned for ${forMs} ms` });
    };
    const ping = (): void => {
      this.#say({ type: "beat" });
      void this.#look();
    };
    this.#heartbeat = startHeartbeat(hangAfterMs, ping, silent, () => process.isSilent || process.isDebugged);
  }

  /** Has the loader look whether it has the isolate; if not, that ends the host before this resolves. */
  async #look(): Promise<void> {
    const { process, id } = this.#parts;
    // That it cannot be asked is for the process to notice.
    await process.ask({ ask: "look", host: id }, { signal: this.#gone.signal }).then(
      (answer) => answer.resume(),
      () => undefined,
    );
  }

  #say(message: ToIsolate): void {
    if (!this.#over) this.#socket?.send(JSON.stringify(message));
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#over) return;
    this.#heartbeat?.answered();
    let said: Received;
    try {
      said = received(data, isBinary);
    } catch (cause) {
      if (!(cause instanceof MalformedFrames)) throw cause;
      return this.#finish({ kind: "died", detail: cause.message });
    }
    if ("frames" in said) this.#handler?.(said.frames);
    else this.#hear(said.message);
  }

  #hear(message: FromIsolate): void {
    switch (message.type) {
      case "call":
        return void this.#call(message.id, message.call);
      case "why":
        return void this.#explain(message.reference);
      case "lost":
        return void this.#look().then(() => this.#say({ type: "kept" }));
      case "beat":
        this.#parts.process.room.report(this.#parts.id, message.contexts);
    }
  }

  async #call(id: number, call: BindingCall): Promise<void> {
    const { version, bindings, output } = this.#parts;
    const end = await answerCall(version, bindings, call, (cause) =>
      output.write(version, `A call of a binding failed: ${String(cause)}`, "error"),
    );
    this.#say({ type: "called", id, end });
  }

  async #explain(reference: string): Promise<void> {
    const incident = await this.#parts.output.reasons.of(reference);
    this.#say({ type: "because", reference, incident });
  }

  /** Ends the host at once. What the isolate still sends until it notices is ignored. */
  #finish(end: HostEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#isDead = end.kind === "died";
    const { process, id, output, isCallee } = this.#parts;
    process.leave(id, isCallee === true);
    output.forget(this.#key);
    this.#heartbeat?.stop();
    this.#gone.abort(new Failure("script.unavailable"));
    this.#socket?.terminate();
    this.#end(end);
  }
}
