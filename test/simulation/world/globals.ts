/**
 * Takes over the clock and the timers of this process while a simulation runs, so that code under test which uses them (the
 * system's clock, deadlines of attempts, user code) lives in simulated time.
 */
import type { Agenda, Timer } from "./agenda.ts";
import { hotPromise, inContext } from "./contexts.ts";

/** What `setTimeout` gives in Node, as far as it is used. */
class Handle {
  readonly timer: Timer;

  constructor(timer: Timer) {
    this.timer = timer;
  }

  unref(): this {
    return this;
  }

  ref(): this {
    return this;
  }
}

/** Ticks of a millisecond: time is a sum of them, so that no difference of two times is lost in the fractions of a large one. */
const TICKS = 1_024;

/** `wallMs` is the time that clocks show, in epoch milliseconds: unlike the agenda's, it may jump. */
export async function inSimulatedTime<T>(agenda: Agenda, wallMs: () => number, work: () => Promise<T>): Promise<T> {
  const before = { setTimeout, clearTimeout, setImmediate, Promise };
  const { now } = Date;
  const globals = globalThis as unknown as Record<string, unknown>;
  globals["setTimeout"] = (fire: (...args: unknown[]) => void, ms: number = 0, ...args: unknown[]) =>
    new Handle(
      agenda.timer(
        asNode(agenda, ms),
        inContext(() => fire(...args)),
      ),
    );
  globals["clearTimeout"] = (handle: unknown) => {
    if (handle instanceof Handle) handle.timer.isOver = true;
    else before.clearTimeout(handle as NodeJS.Timeout | undefined);
  };
  globals["setImmediate"] = (fire: (...args: unknown[]) => void, ...args: unknown[]) =>
    new Handle(
      agenda.timer(
        0,
        inContext(() => fire(...args)),
      ),
    );
  globals["Promise"] = hotPromise;
  Date.now = wallMs;
  performance.now = () => Math.floor(agenda.now * TICKS) / TICKS;
  try {
    return await work();
  } finally {
    Object.assign(globals, before);
    Date.now = now;
    // The prototype's is found again.
    Reflect.deleteProperty(performance, "now");
  }
}

/** Node's timers know whole milliseconds only, and count them from a moment before now: some are early by a fraction of one. */
function asNode(agenda: Agenda, ms: number): number {
  const whole = ms >= 1 ? Math.trunc(ms) : 1;
  const earlyMs = agenda.timersSet % 5 === 0 ? 0.4 : 0;
  return Math.floor(agenda.now) - earlyMs + whole - agenda.now;
}
