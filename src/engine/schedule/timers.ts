/**
 * Timers of what is in memory: a heap by when each instance is next due, and one alarm for all of them. The others are found
 * in the store by the scheduler.
 */
import { dueAt, nextWake } from "../../model/instance/due.ts";
import { EarliestAlarm } from "../../upkeep/earliest-alarm.ts";
import type { Core } from "../runs/core.ts";
import { wakeRun } from "../runs/signal.ts";
import type { Live } from "../state/live.ts";
import { TimerHeap } from "./timer-heap.ts";

/** What says whether an instance that is due may go on, and finds it again when it may. */
export interface DuePlaces {
  mayWake(workflow: string): boolean;
  /** An instance of the workflow is due that the store has to be asked for. */
  expect(kind: "due", workflow: string): void;
  /** An instance outside memory is due at `at`, in epoch milliseconds. */
  expectDue(at: number): void;
}

export class Timers {
  readonly #core: Core;
  readonly #heap: TimerHeap<Live> = new TimerHeap();
  readonly #alarm: EarliestAlarm;
  #places: DuePlaces | undefined;
  #closed = false;

  constructor(core: Core) {
    this.#core = core;
    this.#alarm = new EarliestAlarm(core.clock, () => this.#fire());
  }

  /** Names what has the places. Once, before the first timer. */
  listen(places: DuePlaces): void {
    this.#places = places;
  }

  /** The instance is in memory: it is due when its state says so. */
  track(live: Live): void {
    const at = nextDue(live);
    if (at === (live.timer?.at ?? null)) return;
    this.#drop(live);
    if (at === null) return;
    live.timer = this.#heap.add(at, live);
    this.#arm();
  }

  /** The instance leaves memory: from now on the store knows when it is due. */
  leave(live: Live): void {
    this.#drop(live);
    const at = nextWake(live.state);
    if (live.state.status === "waiting" && at !== null) this.#places?.expectDue(at);
  }

  /** Wakes what is due, should the alarm not have. */
  look(): void {
    const first = this.#heap.first;
    if (first !== undefined && first.at <= this.#core.clock.now() && !this.#closed) this.#fire();
  }

  close(): void {
    this.#closed = true;
    this.#alarm.cancel();
  }

  #arm(): void {
    if (!this.#closed) this.#alarm.by(this.#heap.first?.at ?? Infinity);
  }

  #fire(): void {
    this.#alarm.cancel();
    const now = this.#core.clock.now();
    for (let timer = this.#heap.first; timer !== undefined && timer.at <= now; timer = this.#heap.first)
      this.#wake(timer.of, now);
    this.#arm();
  }

  #drop(live: Live): void {
    if (live.timer !== undefined) this.#heap.remove(live.timer);
    live.timer = undefined;
  }

  #wake(live: Live, now: number): void {
    this.#drop(live);
    if (live.gone || live.run === undefined) return;
    if (live.state.status === "waiting" && this.#places?.mayWake(live.workflow) === false) {
      // It stays as it is, and is found with the other instances that wait for a place.
      this.#core.journal.whenDurable(live, () => this.#places?.expect("due", live.workflow));
      return;
    }
    wakeRun(this.#core, live, now);
    this.track(live);
  }
}

/** When the engine has to look at an instance in memory next; what has been signalled already is the run's business. */
function nextDue(live: Live): number | null {
  const { run } = live;
  if (run === undefined) return null;
  const next = nextWake(live.state);
  if (next === null || next > run.signalledUpTo) return next;
  let later: number | null = null;
  for (const step of live.state.open) {
    const due = dueAt(step);
    if (due === undefined || (step.kind === "do" && due <= run.signalledUpTo)) continue;
    if (later === null || due < later) later = due;
  }
  return later;
}
