/**
 * One activation of an instance: what it knows of the past, what it is waiting for, and what it has to say. The steps
 * (`runtime/steps`) work on this; `runtime.ts` carries the frames.
 */
import type { Arrangement } from "../../model/step/arrangement.ts";
import type { RuntimeEvent } from "../../model/instance/events.ts";
import { stepId, type StepKey, type StepKind } from "../../model/step/step.ts";
import type { AttemptOrigin, InstanceOrigin } from "../../protocol/origin.ts";
import type { BegunHandler, FromRuntime, Outcome, StartFrame } from "../../protocol/frames.ts";
import { Deadlines } from "../steps/deadlines.ts";
import { never } from "../steps/fatal.ts";
import { History } from "./history.ts";
import type { ExecutionContext } from "./execution-context.ts";
import type { Place } from "./place.ts";
import type { RollbackHandler } from "./rollback-handler.ts";
import type { Scope } from "./scope.ts";
import { settleable } from "./settleable.ts";
import type { Stops } from "./stops.ts";
import { StreamTraffic } from "../streams/traffic.ts";

/** What a run needs of the runtime that it is in. */
export interface RunHost {
  /** The run has something to say in this turn. */
  dirty(run: Run): void;
  now(): number;
  readonly scope: Scope;
  reportThrown(thrown: unknown): void;
  readonly stops: Pick<Stops, "areUnderWay">;
  /** Calls back in a later turn. */
  soon(fire: () => void): void;
}

/** A replay that executes nothing (`replay.ts`), as a run sees it. */
export interface Replaying {
  recalled(): void;
  skip(): Promise<never> | undefined;
}

/** Carries out the orders to undo steps (`rollback.ts`). */
export interface Compensating {
  compensate(outcome: Outcome, begun: BegunHandler | undefined, context: ExecutionContext): Promise<void>;
}

export class Run {
  readonly id: number;
  readonly start: StartFrame;
  /** Where its user code is. */
  readonly place: Place;
  /** What a test has arranged for its steps. */
  arrangements: readonly Arrangement[] | undefined;
  readonly #host: RunHost;
  readonly #origin: InstanceOrigin;
  readonly #counts: Map<string, number> = new Map();

  readonly history: History;

  /** Sleeps and waits that the engine will end. */
  readonly #waiting: Map<string, (outcome: Outcome) => void> = new Map();
  /** Steps whose next attempt the engine will allow. */
  readonly #delayed: Map<string, () => void> = new Map();
  /** Steps held back while the instance is being paused. */
  #held: (() => void)[] = [];
  #paused: boolean;

  #streams: StreamTraffic | undefined;
  #deadlines: Deadlines | undefined;

  /** What is to be said before `#events`. */
  #frames: FromRuntime[] = [];
  #events: RuntimeEvent[] = [];
  #sent = 0;
  /** Resolvers for acknowledgements, in the order of the frames that they wait for. */
  #unacked: { readonly n: number; readonly resolve: () => void }[] = [];
  #working = 0;
  #asked = 0;
  #idle = false;
  #isResting = false;
  #signals = 0;
  #over = false;

  /** `step.do` calls so far. */
  steps = 0;
  /** Errors that user code was given: they are not reported when it throws them on. */
  #notified: WeakSet<object> | undefined;
  /** What undoes the steps that the run has come to, by their ids; undefined as long as there is nothing. */
  handlers: Map<string, RollbackHandler> | undefined;
  /** What carries out the orders to undo steps, in a run that is for that. */
  rollback: Compensating | undefined;
  /** Present while `run` is called only for its handlers. */
  replay: Replaying | undefined;
  /** True when steps are being undone, or wait to be: none may be called then. */
  isCompensating = false;
  /** What is to be called off with the run: attempts, and what they wait for. */
  readonly cleanups: Set<() => void> = new Set();

  constructor(start: StartFrame, host: RunHost, place: Place) {
    this.place = place;
    this.arrangements = start.arrangements;
    this.id = start.run;
    this.start = start;
    this.#host = host;
    this.#origin = { workflow: start.workflow, instance: start.instanceId };
    this.#paused = start.paused;
    this.history = new History(start, {
      ask: () => {
        this.#asked += 1;
        this.#touch();
      },
      taken: () => {
        if (this.replay !== undefined && this.history.isRecalled) this.replay.recalled();
      },
    });
  }

  /** True once the run has ended or been stopped: nothing that happens in it matters any more. */
  get over(): boolean {
    return this.#over;
  }

  /** True while it waits for what the engine will say. */
  get isIdle(): boolean {
    return this.#idle;
  }

  /** Epoch milliseconds. */
  now(): number {
    return this.#host.now();
  }

  /** The streams that are on their way. */
  get streams(): StreamTraffic {
    return (this.#streams ??= new StreamTraffic(this));
  }

  /** When its attempts are late. */
  get deadlines(): Deadlines {
    if (this.#deadlines === undefined) {
      const deadlines = (this.#deadlines = new Deadlines());
      this.cleanups.add(() => deadlines.end());
    }
    return this.#deadlines;
  }

  /** Calls back where the user code of the run is, and in its scope. */
  enter(work: (context: ExecutionContext) => void): void {
    this.place.enter((context) => this.#host.scope.run(this.#origin, work, context));
  }

  /** Calls a callback in the scope of an attempt. */
  attempt<C, T>(step: AttemptOrigin, callback: (ctx: C) => T, ctx: C): T {
    const { workflow, instance } = this.#origin;
    return this.#host.scope.run({ workflow, instance, step }, callback, ctx);
  }

  /** User code has thrown something. */
  reportThrown(thrown: unknown): void {
    const isOld = typeof thrown === "object" && thrown !== null && this.#notified?.has(thrown) === true;
    if (!isOld && this.replay === undefined) this.#host.reportThrown(thrown);
  }

  /** Marks an error with which a step ended as known to user code. */
  notified(error: Error): Error {
    (this.#notified ??= new WeakSet()).add(error);
    return error;
  }

  /** The identity of the next step of this kind and name, in call order. */
  nextKey(kind: StepKind, name: string): StepKey & { readonly id: string } {
    const counter = `${kind} ${name}`;
    const count = (this.#counts.get(counter) ?? 0) + 1;
    this.#counts.set(counter, count);
    return { kind, name, count, id: stepId(kind, name, count) };
  }

  /** The engine has sent something that changes what the run waits for: once it is quiet again, it reports so again. */
  signalled(): void {
    this.#signals += 1;
    this.#busy();
    this.#touch();
  }

  /** Leaves memory once nothing that its code has started is still running, unless it goes on before that. */
  park(): void {
    if (!this.#idle || this.#isResting) return;
    this.#isResting = true;
    // No attempt is running, and a timer left over from one would keep the place.
    if (this.#deadlines !== undefined) this.place.enter(() => this.#deadlines?.rest());
    this.place.rest(() => {
      if (this.#over) return;
      this.send({ type: "parked", run: this.id });
      this.end();
    });
  }

  #busy(): void {
    this.#idle = false;
    if (!this.#isResting) return;
    this.#isResting = false;
    this.place.stay();
  }

  /** The step has a handler that undoes it. One that came in memory from the run before is the better one. */
  register(id: string, handler: RollbackHandler): void {
    this.handlers ??= new Map();
    if (!this.handlers.has(id)) this.handlers.set(id, handler);
  }

  // What the engine ends

  /** Resolves with how a sleep or wait ends. */
  settled(id: string): Promise<Outcome> {
    const { promise, resolve } = settleable<Outcome>();
    this.#waiting.set(id, resolve);
    this.#touch();
    return promise;
  }

  /** A sleep or wait has ended. If the code has not got there yet, it will find that out when it does. */
  settle(outcome: Outcome): void {
    const id = stepId(outcome.key.kind, outcome.key.name, outcome.key.count);
    const resolve = this.#waiting.get(id);
    if (resolve === undefined) {
      this.history.put(id, outcome);
      return;
    }
    this.#waiting.delete(id);
    this.#touch();
    resolve(outcome);
  }

  /** Resolves when the step's next attempt may begin. */
  retryDue(id: string): Promise<void> {
    const { promise, resolve } = settleable();
    this.#delayed.set(id, resolve);
    this.#touch();
    return promise;
  }

  /** The delay before the next attempt of a step is over. */
  retry(key: StepKey): void {
    const id = stepId(key.kind, key.name, key.count);
    const resolve = this.#delayed.get(id);
    if (resolve === undefined) return this.history.retry(key);
    this.#delayed.delete(id);
    this.#touch();
    resolve();
  }

  // Pausing

  /**
   * Resolves when new work may begin; at once (with undefined) unless the instance is being paused. Never, once the run is
   * over: where nothing cuts its code off, that goes on to its next step.
   */
  gate(): Promise<void> | undefined {
    if (this.#over) return never();
    if (this.#host.stops.areUnderWay) return this.#later();
    if (!this.#paused) return undefined;
    const { promise, resolve } = settleable();
    this.#held.push(resolve);
    this.#touch();
    return promise;
  }

  /** The gate again, when what has arrived meanwhile has been carried out. */
  async #later(): Promise<void> {
    const { promise, resolve } = settleable();
    this.working(1);
    this.#host.soon(resolve);
    await promise;
    this.working(-1);
    return this.gate();
  }

  pause(): void {
    this.#paused = true;
  }

  unpause(): void {
    this.#paused = false;
    for (const resolve of this.#held.splice(0)) resolve();
  }

  // What the run says

  /** Records facts, in order, without waiting. */
  emit(...events: RuntimeEvent[]): void {
    if (this.#over) return;
    for (const event of events) this.#events.push(event);
    this.#touch();
  }

  /** Says something that is no fact, after the facts so far. */
  send(frame: FromRuntime): void {
    if (this.#over) return;
    this.#closeEvents(this.#frames);
    this.#frames.push(frame);
    this.#touch();
  }

  /** Resolves when everything emitted so far is durable; never, once the run is over. */
  durable(): Promise<void> {
    const n = this.#sent + (this.#events.length > 0 ? 1 : 0);
    const { promise, resolve } = settleable();
    this.#unacked.push({ n, resolve });
    return promise;
  }

  /** All frames up to number n are durable. */
  ack(n: number): void {
    let count = 0;
    for (const waiter of this.#unacked) {
      if (waiter.n > n) break;
      count += 1;
      waiter.resolve();
    }
    if (count > 0) {
      this.#unacked.splice(0, count);
      this.#touch();
    }
  }

  /** An attempt's callback begins or ends. */
  working(by: 1 | -1): void {
    this.#working += by;
    this.#touch();
  }

  /** The run has ended or is dropped. What still waits in it waits for ever. */
  end(): void {
    this.#over = true;
    this.#waiting.clear();
    this.#delayed.clear();
    this.history.clear();
    this.#held = [];
    this.#unacked = [];
    if (this.cleanups.size === 0) return;
    const cleanups = [...this.cleanups];
    this.cleanups.clear();
    this.place.enter(() => {
      for (const cleanup of cleanups) cleanup();
    });
  }

  /**
   * True when the code that asks is no longer where it belongs: there it could not be stopped. Then the run is given up at
   * once, to be replayed.
   */
  isAstray(): boolean {
    if (this.place.isHere()) return false;
    this.place.cut();
    this.lose("Its code went on in another request context");
    return true;
  }

  /** Its place has ended under it. */
  lose(detail: string): void {
    if (!this.#over) this.send({ type: "lost", run: this.id, detail });
    this.isCompensating = false;
    this.end();
    this.#touch();
  }

  /** The frames to send at the end of a turn. */
  flush(into: FromRuntime[]): void {
    if (this.#frames.length > 0) {
      into.push(...this.#frames);
      this.#frames = [];
    }
    this.#closeEvents(into);
    if (this.#over) return;
    for (; this.#asked > 0; this.#asked -= 1) into.push({ type: "need", run: this.id, from: this.history.loaded });
    if (!this.#idle && this.#isQuiet()) {
      this.#idle = true;
      into.push({ type: "idle", run: this.id, signals: this.#signals });
    }
  }

  #closeEvents(into: FromRuntime[]): void {
    if (this.#events.length === 0) return;
    this.#sent += 1;
    into.push({ type: "events", run: this.id, n: this.#sent, events: this.#events });
    this.#events = [];
  }

  #isQuiet(): boolean {
    if (this.#streams?.isReading === true) return false;
    if (this.#working > 0 || this.#unacked.length > 0 || this.history.isAwaited) return false;
    return this.#waiting.size + this.#delayed.size + this.#held.length > 0;
  }

  #touch(): void {
    if (this.#idle && !this.#isQuiet()) this.#busy();
    this.#host.dirty(this);
  }
}
