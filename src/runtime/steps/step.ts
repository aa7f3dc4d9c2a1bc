/** The `step` object that `run` is given: a plain object that user code may extend, of four functions that need no `this`. */
import { never } from "./fatal.ts";
import type { Run } from "../run/run.ts";
import { stepDo } from "./do.ts";
import { sleep, sleepUntil } from "./sleep.ts";
import { waitForEvent, type WaitedEvent } from "./wait.ts";

/** Durable steps, with Cloudflare's meaning and names (`WorkflowStep` of `cloudflare:workers`). */
export interface Step {
  /** `do(name, callback, rollback?)` or `do(name, config, callback, rollback?)`. */
  do(name: string, ...args: unknown[]): Promise<unknown>;
  sleep(name: string, duration: number | string): Promise<void>;
  sleepUntil(name: string, timestamp: Date | number): Promise<void>;
  waitForEvent(
    name: string,
    options: { readonly type: string; readonly timeout?: number | string },
  ): Promise<WaitedEvent | undefined>;
}

/** The steps of one run. */
export function createStep(run: Run): Step {
  return {
    do: (name, ...args) => (run.isAstray() ? never() : unattended(stepDo(run, name, args))),
    sleep: (name, duration) => (run.isAstray() ? never() : unattended(sleep(run, name, duration))),
    sleepUntil: (name, timestamp) => (run.isAstray() ? never() : unattended(sleepUntil(run, name, timestamp))),
    waitForEvent: (name, options) => (run.isAstray() ? never() : unattended(waitForEvent(run, name, options))),
  };
}

/** Lets a step that is not awaited fail without ending the process; code that awaits it still sees the failure. */
function unattended<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
