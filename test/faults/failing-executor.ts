/**
 * An executor that fails in the ways in which executors do: hosts that do not open, die, hang or fall silent, and frames that
 * come late or twice. Which host fails how is the plan of a test. Its hosts are in this process, where nothing can stop user
 * code: that asks whether its host is over.
 */
import { inProcessExecutor } from "../../src/executors/in-process/executor.ts";
import { Failure } from "../../src/model/failures/failure.ts";
import type { ScriptVersion } from "../../src/ports/catalog/script-versions.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Executor, Host, HostEnd } from "../../src/ports/executor.ts";
import type { OnLog } from "../../src/ports/script-log.ts";
import type { FromRuntime, ToRuntime } from "../../src/protocol/frames.ts";
import type { WorkflowClass } from "../../src/runtime/run/runtime.ts";

/** How a host fails. `after` counts the batches of frames that it gets through before that. */
export type Fault =
  /** It does not open; the next one may. */
  | { readonly is: "refuses" }
  /** It is gone, with the batch that is next. */
  | { readonly is: "dies"; readonly after: number }
  /** Its code stops, and nothing is heard of it until it is given up. */
  | { readonly is: "hangs"; readonly after: number }
  /** Its code goes on, and nothing is heard of it until it is given up. */
  | { readonly is: "mute"; readonly after: number }
  /** A batch arrives twice. */
  | { readonly is: "repeats"; readonly after: number }
  /** Each batch waits so many turns of the event loop, in either direction; those of one direction stay in order. */
  | { readonly is: "late"; readonly turns: number }
  /** Frames of one batch arrive in another order, as far as they are of different runs. */
  | { readonly is: "shuffles" };

/** A host, as the code in it sees it. */
export interface Habitat {
  /** True when this code would no longer be running. */
  readonly isOver: boolean;
  /** What code that never gives way does to its host. */
  hang(): void;
  /** What code that crashes does to its host. */
  die(detail: string): void;
}

/** What such an executor is made of. */
export interface FailingOptions {
  readonly clock: Clock;
  /** How long a host may be silent before it is given up, in milliseconds. Default: 30,000. */
  readonly silentMs?: number;
  /** The classes of one host. */
  classes(habitat: Habitat): Readonly<Record<string, WorkflowClass>>;
  /** How the next host that is opened fails; undefined when it does not. */
  nextFault?(): Fault | undefined;
  /** Gets what code writes. Default: dropped. */
  readonly onLog?: OnLog;
  /** What code has for its `env`. */
  readonly env?: unknown;
}

/** Opens hosts that fail. `opened` counts them, `hosts` are those that have not ended. */
export function failingExecutor(options: FailingOptions): Executor & { readonly opened: number; readonly hosts: number } {
  const { clock, silentMs = 30_000, onLog, env } = options;
  let opened = 0;
  let open = 0;
  return {
    name: "failing",
    open: async (version: ScriptVersion, bindings) => {
      const fault = options.nextFault?.();
      if (fault?.is === "refuses") throw new Failure("script.unavailable");
      opened += 1;
      open += 1;
      const host = new FailingHost(clock, silentMs, fault);
      const inner = inProcessExecutor({ classes: options.classes(host), now: () => clock.now(), env, ...(onLog && { onLog }) });
      host.inhabit(await inner.open(version, bindings));
      void host.ended.then(() => (open -= 1));
      return host;
    },
    close: () => Promise.resolve(),
    get opened() {
      return opened;
    },
    get hosts() {
      return open;
    },
  };
}

class FailingHost implements Host, Habitat {
  readonly ended: Promise<HostEnd>;
  readonly #end: (end: HostEnd) => void;
  readonly #clock: Clock;
  readonly #silentMs: number;
  readonly #fault: Fault | undefined;
  #inner: Host | undefined;
  #batches = 0;
  #isStopped = false;
  #isCut = false;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, silentMs: number, fault: Fault | undefined) {
    this.#clock = clock;
    this.#silentMs = silentMs;
    this.#fault = fault;
    ({ promise: this.ended, resolve: this.#end } = Promise.withResolvers<HostEnd>());
  }

  inhabit(inner: Host): void {
    this.#inner = inner;
  }

  get isOver(): boolean {
    return this.#isStopped;
  }

  send(frames: readonly ToRuntime[]): void {
    this.#later(() => {
      if (!this.#isCut) this.#inner?.send(frames);
    });
  }

  onFrames(handler: (frames: readonly FromRuntime[]) => void): void {
    const hand = (frames: readonly FromRuntime[]): void =>
      this.#later(() => {
        if (!this.#isCut) handler(frames);
      });
    this.#inner?.onFrames((frames) => {
      const fault = this.#fault;
      const isNow = fault !== undefined && "after" in fault && fault.after === this.#batches;
      this.#batches += 1;
      if (this.#isCut) return;
      if (isNow && fault.is === "dies") return this.die("as planned");
      if (isNow && fault.is === "hangs") return this.hang();
      if (isNow && fault.is === "mute") return this.#cut();
      hand(fault?.is === "shuffles" ? shuffled(frames) : frames);
      if (isNow && fault.is === "repeats") hand(frames);
    });
  }

  hang(): void {
    this.#isStopped = true;
    this.#cut();
  }

  die(detail: string): void {
    this.#finish({ kind: "died", detail });
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

  /** Nothing gets through any more, which is noticed after a while. */
  #cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    const silentMs = this.#silentMs;
    this.#cancel = this.#clock.alarm(this.#clock.now() + silentMs, () => this.#finish({ kind: "hung", silentMs }));
  }

  #finish(end: HostEnd): void {
    this.#isStopped = true;
    this.#isCut = true;
    this.#cancel?.();
    void this.#inner?.close();
    this.#end(end);
  }

  #later(pass: () => void, turns: number = this.#fault?.is === "late" ? this.#fault.turns : 0): void {
    if (turns === 0) pass();
    else setImmediate(() => this.#later(pass, turns - 1));
  }
}

/** Runs in the other order, the frames of each in their own. */
function shuffled(frames: readonly FromRuntime[]): FromRuntime[] {
  const runs = [...new Set(frames.map(({ run }) => run))].toReversed();
  return runs.flatMap((run) => frames.filter((frame) => frame.run === run));
}
