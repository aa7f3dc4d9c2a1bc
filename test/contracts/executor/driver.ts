/** The engine's part in the executor contract, played by hand: starts runs in a host, acknowledges what they say, and waits. */
import type { RuntimeEvent } from "../../../src/model/instance/events.ts";
import { encode } from "../../../src/model/values/value.ts";
import type { Host } from "../../../src/ports/executor.ts";
import type { ChunkFrame, FromRuntime, StartFrame, ToRuntime } from "../../../src/protocol/frames.ts";

/** How a run begins, where that differs from a fresh instance with `{ n: 1 }` for its params. */
export interface RunSetup extends Partial<
  Pick<StartFrame, "params" | "history" | "knownSteps" | "careful" | "paused" | "rollback" | "arrangements">
> {
  /** `"by hand"` leaves acknowledging to the test. */
  readonly acks?: "at once" | "by hand";
}

/** A frame without the number of its run. */
type Unaddressed<F> = F extends unknown ? Omit<F, "run"> : never;

/** A run in a host, and what has been heard of it. */
export class DrivenRun {
  readonly id: number;
  readonly #host: Host;
  /** Every event so far. */
  readonly events: RuntimeEvent[] = [];
  /** How often it has said `idle`. */
  idles = 0;
  /** Whether it has left as it was asked to. */
  isParked = false;
  /** From where it has asked for history. */
  readonly needs: number[] = [];
  /** Every chunk that it has sent. */
  readonly chunks: ChunkFrame[] = [];
  /** Why it has ended without an answer: one entry, if it has. */
  readonly losses: string[] = [];
  /** Which chunks it has asked for. */
  readonly reads: number[] = [];
  /** The number of its last `events` frame. */
  lastFrame = 0;
  readonly #waiters: { readonly met: () => boolean; readonly resolve: () => void; readonly reject: (error: Error) => void }[] =
    [];

  constructor(id: number, host: Host) {
    this.id = id;
    this.#host = host;
  }

  /** Types of the events so far. */
  get types(): string[] {
    return this.events.map(({ type }) => type);
  }

  /** Acknowledges everything so far. */
  ack(): void {
    this.#host.send([{ type: "acks", acks: [this.id, this.lastFrame] }]);
  }

  tell(frame: Unaddressed<Exclude<ToRuntime, { type: "acks" }>>): void {
    this.#host.send([{ ...frame, run: this.id }]);
  }

  /** Resolves when something is true of the run; rejects when the host ends first. */
  until(met: () => boolean): Promise<void> {
    if (met()) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ met, resolve, reject }));
  }

  /** The first event of which something is true, as soon as there is one. */
  async event(wanted: (event: RuntimeEvent) => boolean): Promise<RuntimeEvent | undefined> {
    await this.until(() => this.events.some(wanted));
    return this.events.find(wanted);
  }

  /** The event that ends the run. */
  async last(): Promise<RuntimeEvent | undefined> {
    return this.event(({ type }) => type === "workflow_completed" || type === "workflow_errored");
  }

  /** Takes in a frame. */
  hear(frame: FromRuntime): void {
    if (frame.type === "idle") this.idles += 1;
    else if (frame.type === "need") this.needs.push(frame.from);
    else if (frame.type === "chunk") this.chunks.push(frame);
    else if (frame.type === "read") this.reads.push(frame.index);
    else if (frame.type === "lost") this.losses.push(frame.detail);
    else if (frame.type === "parked") this.isParked = true;
    else {
      this.lastFrame = frame.n;
      this.events.push(...frame.events);
    }
    this.#look();
  }

  /** The host is gone: nothing more will be heard. */
  lost(): void {
    for (const { reject } of this.#waiters.splice(0))
      reject(new Error(`The host ended after ${this.types.join(", ") || "nothing"}`));
  }

  #look(): void {
    for (const waiter of this.#waiters.splice(0)) {
      if (waiter.met()) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }
}

/** Drives one host. */
export class Driver {
  readonly #host: Host;
  readonly #runs: Map<number, { readonly run: DrivenRun; readonly acks: RunSetup["acks"] }> = new Map();
  #last = 0;

  constructor(host: Host) {
    this.#host = host;
    host.onFrames((frames) => this.#receive(frames));
    void host.ended.then(() => {
      for (const { run } of this.#runs.values()) run.lost();
    });
  }

  start(className: string, { acks = "at once", history = [], ...setup }: RunSetup = {}): DrivenRun {
    const id = (this.#last += 1);
    const run = new DrivenRun(id, this.#host);
    this.#runs.set(id, { run, acks });
    this.#host.send([
      {
        type: "start",
        run: id,
        className,
        workflow: "contract-flow",
        instanceId: `instance-${id}`,
        params: encode({ n: 1 }),
        timestamp: 1_000,
        options: { maxSteps: 100, preserveNonRetryable: false, defaultRetryDelayMs: 10_000 },
        history,
        knownSteps: history.length,
        careful: false,
        paused: false,
        ...setup,
      },
    ]);
    return run;
  }

  /** Several round trips through the host: what another run was able to say by now has been said. */
  async roundTrip(): Promise<void> {
    await this.start("Two").last();
  }

  #receive(frames: readonly FromRuntime[]): void {
    for (const frame of frames) {
      const driven = this.#runs.get(frame.run);
      if (driven === undefined) throw new Error(`A frame of run ${frame.run}, which was never started`);
      driven.run.hear(frame);
      if (frame.type === "events" && driven.acks === "at once") driven.run.ack();
    }
  }
}
