/**
 * The executor of a simulation: each host is an owner with a real runtime in it, joined to its server by two channels. Hosts fail
 * as hosts do: they do not open, die, hang, fall silent; frames come late or twice.
 */
import { Failure } from "../../../src/model/failures/failure.ts";
import type { ScriptVersion } from "../../../src/ports/catalog/script-versions.ts";
import type { BindingHandler, Executor, Host, HostEnd } from "../../../src/ports/executor.ts";
import type { FromRuntime, ToRuntime } from "../../../src/protocol/frames.ts";
import { sharedPlace } from "../../../src/runtime/run/place.ts";
import { createRuntime, type Runtime, type WorkflowClass } from "../../../src/runtime/run/runtime.ts";
import { noScope } from "../../../src/runtime/run/scope.ts";
import { Owner, type Agenda, type Channel } from "./agenda.ts";
import type { Random } from "../../support/random.ts";

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

export interface HostsParts {
  readonly agenda: Agenda;
  readonly random: Random;
  /** How long frames take at the most, in milliseconds. */
  readonly latencyMs: number;
  /** Epoch milliseconds. */
  readonly wallMs: () => number;
  /** The classes of a script version, for one host. */
  readonly classes: (version: ScriptVersion, host: SimulatedHost) => Readonly<Record<string, WorkflowClass>>;
  /** Which life of an instance is durable now. */
  readonly lifeOf: (workflow: string, id: string) => number;
  /** A host has ended with an end that its runs are held to account for. */
  readonly lost: () => void;
}

/** Opens the hosts of one server. */
export class SimulatedHosts implements Executor {
  readonly name = "simulated";
  readonly #parts: HostsParts;
  readonly #server: Owner;
  readonly #open: Set<SimulatedHost> = new Set();
  readonly #door: Channel;
  #refusals = 0;
  #opened = 0;

  constructor(parts: HostsParts, server: Owner) {
    this.#parts = parts;
    this.#server = server;
    this.#door = parts.agenda.channel(server);
  }

  /** Makes one of the hosts fail; where there is none, the next one does not open. */
  fail(fault: HostFault): void {
    const host = this.#parts.random.pick([...this.#open]);
    if (fault === "refuses" || host === undefined) this.#refusals += 1;
    else host.fail(fault);
  }

  open(version: ScriptVersion, bindings: BindingHandler): Promise<Host> {
    const { promise, resolve, reject } = Promise.withResolvers<Host>();
    this.#door.post(
      () => {
        if (this.#refusals > 0) {
          this.#refusals -= 1;
          return reject(new Failure("script.unavailable"));
        }
        this.#opened += 1;
        const host = new SimulatedHost(
          this.#parts,
          new Owner(`${this.#server.name} host ${this.#opened}`, this.#server),
          this.#server,
        );
        host.load(version, bindings);
        this.#open.add(host);
        void host.ended.then(() => this.#open.delete(host));
        resolve(host);
      },
      this.#parts.random.next() * this.#parts.latencyMs * 5,
    );
    return promise;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((host) => host.close()));
  }
}

export class SimulatedHost implements Host {
  readonly owner: Owner;
  readonly server: Owner;
  readonly ended: Promise<HostEnd>;
  readonly leaving: Promise<void>;
  readonly #parts: HostsParts;
  readonly #inbound: Channel;
  readonly #outbound: Channel;
  readonly #end: (end: HostEnd) => void;
  readonly #leave: () => void;
  #runtime: Runtime | undefined;
  #handler: ((frames: readonly FromRuntime[]) => void) | undefined;
  #isSilent = false;
  #isOver = false;
  #isLate = false;
  #repeats = 0;
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

  load(version: ScriptVersion, _bindings: BindingHandler): void {
    const classes = this.#parts.classes(version, this);
    const nothing = (): void => {};
    const soon = this.#parts.agenda.channel(this.owner);
    this.#runtime = createRuntime({
      send: (frames) => this.#pass(frames),
      soon: (fire) => soon.post(fire),
      now: this.#parts.wallMs,
      workflowClass: (name) => (Object.hasOwn(classes, name) ? classes[name] : undefined),
      openPlace: () => sharedPlace({ waitUntil: nothing, passThroughOnException: nothing, props: {}, exports: {} }),
      env: {},
      scope: noScope,
      threw: nothing,
    });
  }

  send(frames: readonly ToRuntime[]): void {
    const begun = frames.flatMap((frame) => (frame.type === "start" ? [frame] : []));
    const lives = begun.map(({ workflow, instanceId }) => this.#parts.lifeOf(workflow, instanceId));
    this.#inbound.post(() => {
      if (this.#isSilent) return;
      begun.forEach(({ workflow, instanceId }, i) => this.lives.set(`${workflow} ${instanceId}`, lives[i] ?? 0));
      this.#runtime?.receive(frames);
    }, this.#latencyMs());
  }

  onFrames(handler: (frames: readonly FromRuntime[]) => void): void {
    this.#handler = handler;
  }

  fetch(): Promise<Response> {
    return Promise.reject(new Failure("script.no_fetch_handler"));
  }

  dispatch(): Promise<never> {
    return Promise.reject(new Failure("script.no_handler"));
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

  #pass(frames: readonly FromRuntime[]): void {
    const hand = (): void => {
      if (!this.#isSilent && !this.#isOver) this.#handler?.(frames);
    };
    this.#outbound.post(hand, this.#latencyMs());
    if (this.#repeats === 0) return;
    this.#repeats -= 1;
    this.#outbound.post(hand, this.#latencyMs());
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
