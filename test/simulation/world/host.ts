/**
 * One host of a simulation: an owner with a real runtime in it, joined to its server by two channels. It fails as hosts do: it
 * dies, hangs, falls silent, asks to be replaced; frames come late or twice.
 */
import { answerCall } from "../../../src/bindings/answer.ts";
import { queueBinding } from "../../../src/bindings/queue/client.ts";
import { workflowBinding } from "../../../src/bindings/workflow/client.ts";
import { Failure } from "../../../src/model/failures/failure.ts";
import type { ScriptVersion } from "../../../src/ports/catalog/script-versions.ts";
import type { BindingHandler, Host, HostEnd } from "../../../src/ports/executor.ts";
import type { BindingCall, CallEnd } from "../../../src/protocol/calls.ts";
import type { FromRuntime, ToRuntime } from "../../../src/protocol/frames.ts";
import type { EventEnd, ScriptEvent } from "../../../src/protocol/handlers.ts";
import { Calls } from "../../../src/runtime/bindings/calls.ts";
import { handleEvent } from "../../../src/runtime/handlers/handlers.ts";
import { createRuntime, type Runtime, type WorkflowClass } from "../../../src/runtime/run/runtime.ts";
import { noScope } from "../../../src/runtime/run/scope.ts";
import type { Random } from "../../support/random.ts";
import type { Agenda, Channel, Owner } from "./agenda.ts";
import { Contexts } from "./contexts.ts";

/** How a host fails. */
export type HostFault =
  /** The next one that is to be opened is not. */
  | "refuses"
  /** Gone, with all that was on its way. */
  | "dies"
  /** Its code stands still, and nothing is heard of it until it is given up. */
  | "hangs"
  /** Its code goes on, and nothing is heard of it until it is given up. */
  | "mute"
  /** The next frames arrive twice. */
  | "repeats"
  /** Frames take long from now on. */
  | "late"
  /** It asks to be replaced. */
  | "leaves";

export const HOST_FAULTS: readonly HostFault[] = ["refuses", "dies", "hangs", "mute", "repeats", "late", "leaves"];

/** How long a host may be silent before it is given up, in milliseconds. */
const SILENT_MS = 30_000;

/** How late frames of a host are that is late, in milliseconds. */
const LATE_MS = 3_000;

/** What a script exports. */
export interface Script {
  readonly classes: Readonly<Record<string, WorkflowClass>>;
  readonly handlers: unknown;
}

export interface HostsParts {
  readonly agenda: Agenda;
  readonly random: Random;
  /** How long frames take at the most, in milliseconds. */
  readonly latencyMs: number;
  /** Epoch milliseconds. */
  readonly wallMs: () => number;
  /** What a script version exports, in one host. */
  readonly script: (version: ScriptVersion, host: SimulatedHost) => Script;
  /** Which life of an instance is durable now. */
  readonly lifeOf: (workflow: string, id: string) => number;
  /** A host has ended with an end that its runs are held to account for. */
  readonly lost: () => void;
  readonly violated: (what: string) => void;
}

export class SimulatedHost implements Host {
  readonly owner: Owner;
  readonly server: Owner;
  readonly ended: Promise<HostEnd>;
  readonly leaving: Promise<void>;
  readonly #parts: HostsParts;
  readonly #inbound: Channel;
  readonly #outbound: Channel;
  readonly #contexts: Contexts = new Contexts();
  readonly #end: (end: HostEnd) => void;
  readonly #leave: () => void;
  #runtime: Runtime | undefined;
  #answer: (event: ScriptEvent) => Promise<EventEnd | "no_handler"> = () => Promise.resolve("no_handler");
  #handler: ((frames: readonly FromRuntime[]) => void) | undefined;
  #isSilent = false;
  #isOver = false;
  #isLate = false;
  #repeats = 0;
  /** Runs that are to begin nothing, and since when. */
  readonly #pausing: Map<number, number> = new Map();
  /** The life that was durable when the run of an instance was begun, which is here last. */
  readonly lives: Map<string, number> = new Map();

  constructor(parts: HostsParts, owner: Owner, server: Owner) {
    this.owner = owner;
    this.server = server;
    this.#parts = parts;
    this.#inbound = parts.agenda.channel(owner);
    this.#outbound = parts.agenda.channel(server);
    ({ promise: this.ended, resolve: this.#end } = Promise.withResolvers<HostEnd>());
    ({ promise: this.leaving, resolve: this.#leave } = Promise.withResolvers<void>());
  }

  load(version: ScriptVersion, bindings: BindingHandler): void {
    const { agenda, script, wallMs } = this.#parts;
    const { classes, handlers } = script(version, this);
    const soon = agenda.channel(this.owner);
    const calls: Calls = new Calls((id, call) =>
      this.#ask(version, bindings, call, (end) => this.#contexts.inSocket(() => calls.answer(id, end))),
    );
    const env = envOf(version, calls);
    this.#runtime = createRuntime({
      send: (frames) => this.#pass(frames),
      soon: (fire) => soon.post(() => this.#contexts.inSocket(fire)),
      now: wallMs,
      workflowClass: (name) => (Object.hasOwn(classes, name) ? classes[name] : undefined),
      openPlace: () => this.#contexts.open(),
      env,
      scope: noScope,
      reportThrown: () => {},
    });
    const log = { scope: noScope, reportThrown: () => {}, report: () => {} };
    this.#answer = (event) => this.#contexts.handle((context) => handleEvent(event, handlers, env, context, log));
  }

  send(frames: readonly ToRuntime[]): void {
    const begun = frames.flatMap((frame) => (frame.type === "start" ? [frame] : []));
    const lives = begun.map(({ workflow, instanceId }) => this.#parts.lifeOf(workflow, instanceId));
    this.#inbound.post(() => {
      if (this.#isSilent) return;
      begun.forEach(({ workflow, instanceId }, i) => this.lives.set(`${workflow} ${instanceId}`, lives[i] ?? 0));
      for (const frame of frames) this.#hear(frame);
      this.#contexts.inSocket(() => this.#runtime?.receive(frames));
    }, this.#latencyMs());
  }

  onFrames(handler: (frames: readonly FromRuntime[]) => void): void {
    this.#handler = handler;
  }

  fetch(): Promise<Response> {
    return Promise.reject(new Failure("script.no_fetch_handler"));
  }

  dispatch(event: ScriptEvent): Promise<EventEnd> {
    const { promise, resolve, reject } = Promise.withResolvers<EventEnd>();
    void this.ended.then(() => reject(new Failure("script.unavailable")));
    this.#inbound.post(() => {
      if (this.#isSilent) return;
      void this.#answer(event).then((answer) =>
        this.#tell(() => (answer === "no_handler" ? reject(new Failure("script.no_handler")) : resolve(answer))),
      );
    }, this.#latencyMs());
    return promise;
  }

  close(): Promise<void> {
    this.#finish({ kind: "closed" });
    return Promise.resolve();
  }

  fail(fault: HostFault): void {
    switch (fault) {
      case "dies":
        this.#parts.lost();
        // What it had sent before may still be read.
        this.owner.die();
        this.#outbound.post(() => this.#finish({ kind: "died", detail: "as simulated" }), this.#latencyMs());
        return;
      case "hangs":
        this.owner.die();
        return this.#fallSilent();
      case "mute":
        return this.#fallSilent();
      case "repeats":
        this.#repeats += 1;
        return;
      case "late":
        this.#isLate = true;
        return;
      case "leaves":
        this.#outbound.post(this.#leave);
        return;
      case "refuses":
        return;
    }
  }

  #hear(frame: ToRuntime): void {
    const isPause = frame.type === "pause" || (frame.type === "start" && frame.paused);
    if (isPause) this.#pausing.set(frame.run, this.#parts.agenda.now);
    else if (frame.type === "unpause") this.#pausing.delete(frame.run);
  }

  #pass(frames: readonly FromRuntime[]): void {
    for (const frame of frames) this.#check(frame);
    const hand = (): void => this.#handler?.(frames);
    this.#tell(hand);
    if (this.#repeats === 0) return;
    this.#repeats -= 1;
    this.#tell(hand);
  }

  /** A run that has received `pause` begins nothing, and none is lost as long as its host is there. */
  #check(frame: FromRuntime): void {
    const { agenda, violated } = this.#parts;
    if (frame.type === "lost") violated(`${this.owner.name}: run ${frame.run} was lost: ${frame.detail}`);
    if (frame.type !== "events") return;
    const since = this.#pausing.get(frame.run) ?? Infinity;
    // What was said before the host stood still leaves after that.
    if (agenda.now <= since || this.owner.frozenUntil >= since) return;
    for (const { type } of frame.events)
      if (type === "step_started" || type === "attempt_started")
        violated(`${this.owner.name}: ${type} of a run that is to pause since ${Math.round(since)} ms`);
  }

  /** Has a binding call answered. */
  #ask(version: ScriptVersion, bindings: BindingHandler, call: BindingCall, answered: (end: CallEnd) => void): void {
    this.#tell(() => {
      const ignored = (): void => {};
      void answerCall(version, bindings, call, ignored).then((end) =>
        this.#inbound.post(() => {
          if (!this.#isSilent) answered(end);
        }, this.#latencyMs()),
      );
    });
  }

  /** The server hears it, unless the host falls silent before. */
  #tell(hear: () => void): void {
    this.#outbound.post(() => {
      if (!this.#isSilent && !this.#isOver) hear();
    }, this.#latencyMs());
  }

  #fallSilent(): void {
    if (this.#isSilent) return;
    this.#isSilent = true;
    this.#parts.lost();
    this.#parts.agenda.timer(SILENT_MS, () => this.#finish({ kind: "hung", silentMs: SILENT_MS }), this.server);
  }

  #finish(end: HostEnd): void {
    this.#isOver = true;
    this.owner.die();
    this.#end(end);
  }

  #latencyMs(): number {
    const { random, latencyMs } = this.#parts;
    return this.#isLate ? random.upTo(LATE_MS) : random.next() * latencyMs;
  }
}

/** What the code of a script has for its `env`. */
function envOf({ bindings }: ScriptVersion, calls: Calls): Readonly<Record<string, unknown>> {
  const env: Record<string, unknown> = {};
  for (const { name, ...binding } of bindings) {
    if (binding.type === "workflow")
      env[name] = workflowBinding((method, args) => calls.call("workflow", binding.workflow, method, args));
    else if (binding.type === "queue")
      env[name] = queueBinding((method, args) => calls.call("queue", binding.queue, method, args));
  }
  return env;
}
