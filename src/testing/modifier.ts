/**
 * What a test arranges for the steps of an instance: declared through `WorkflowInstanceModifier`, which has the names and
 * the texts of `cloudflare:test`, and asked by the runtime (`runtime/mocks.ts`).
 */
import { durationMs } from "../model/duration.ts";
import { decode, encode } from "../model/value.ts";
import { TimedOut, type StepCallback } from "../runtime/attempt.ts";
import type { InstanceMocks } from "../runtime/mocks.ts";

/** A step by its name, and by how often the name had been used: 1-based; absent or 0 means the first. */
export interface StepSelector {
  readonly name: string;
  readonly index?: number;
}

/** An event that an instance is to receive. */
export interface MockEvent {
  readonly type: string;
  readonly payload: unknown;
}

/** Arranges the steps of an instance. What is arranged holds for steps that have not begun, and survives a restart. */
export interface WorkflowInstanceModifier {
  /** Sleeps end at once: `sleep` and `sleepUntil`, all of them or these. Not retry delays, and not `waitForEvent`. */
  disableSleeps(steps?: readonly StepSelector[]): Promise<void>;
  /** Retries begin at once, of all steps or of these. */
  disableRetryDelays(steps?: readonly StepSelector[]): Promise<void>;
  /** The step succeeds with this result, and its callback is not called. Fails when its result is mocked already. */
  mockStepResult(step: StepSelector, stepResult: unknown): Promise<void>;
  /**
   * Attempts of the step fail with this error: the next `times` that nothing was declared for yet, or all when absent.
   * Fails when the step's result is mocked already.
   */
  mockStepError(step: StepSelector, error: Error, times?: number): Promise<void>;
  /** As `mockStepError`, with the step's time-out; no time passes. */
  forceStepTimeout(step: StepSelector, times?: number): Promise<void>;
  /** Sends an event: now, or when the instance is created, and again when it is restarted. */
  mockEvent(event: MockEvent): Promise<void>;
  /** The `waitForEvent` times out at once, whatever was sent. */
  forceEventTimeout(step: StepSelector): Promise<void>;
}

/** How attempts of one step fail: some of them, or all of which nothing else was said. */
interface Failures {
  readonly byAttempt: Map<number, StepCallback>;
  always: StepCallback | undefined;
}

export class Modifier implements WorkflowInstanceModifier, InstanceMocks {
  readonly events: MockEvent[] = [];
  readonly #sleeps: Selection = new Selection();
  readonly #delays: Selection = new Selection();
  readonly #waits: Selection = new Selection();
  readonly #failures: Map<string, Failures> = new Map();
  readonly #results: Map<string, StepCallback> = new Map();
  readonly #announce: (event: MockEvent) => Promise<void>;

  /** `announce` sends an event to the instances that there are already. */
  constructor(announce: (event: MockEvent) => Promise<void>) {
    this.#announce = announce;
  }

  async disableSleeps(steps?: readonly StepSelector[]): Promise<void> {
    this.#sleeps.add(steps);
  }

  async disableRetryDelays(steps?: readonly StepSelector[]): Promise<void> {
    this.#delays.add(steps);
  }

  async mockStepResult(step: StepSelector, stepResult: unknown): Promise<void> {
    this.#refuseAfterResult(step, `Trying to mock step '${step.name}' multiple times!`);
    this.#results.set(keyOf(step), givesResult(stepResult));
  }

  async mockStepError(step: StepSelector, { name, message }: Error, times?: number): Promise<void> {
    this.#refuseAfterResult(step, `Trying to mock error on step '${step.name}' after mocking its result!`);
    this.#fail(step, times, () => {
      throw Object.assign(new Error(message), { name });
    });
  }

  async forceStepTimeout(step: StepSelector, times?: number): Promise<void> {
    this.#refuseAfterResult(step, `Trying to force timeout on step '${step.name}' after mocking its result!`);
    this.#fail(step, times, ({ config }) => {
      throw new TimedOut(`Execution timed out after ${durationMs(config.timeout)}ms`);
    });
  }

  async mockEvent(event: MockEvent): Promise<void> {
    this.events.push(event);
    await this.#announce(event);
  }

  async forceEventTimeout(step: StepSelector): Promise<void> {
    this.#waits.add([step]);
  }

  attempt(name: string, count: number, attempt: number): StepCallback | undefined {
    const key = keyOf({ name, index: count });
    const failures = this.#failures.get(key);
    return failures?.byAttempt.get(attempt) ?? failures?.always ?? this.#results.get(key);
  }

  skipsDelay(name: string, count: number): boolean {
    return this.#delays.has(name, count);
  }

  skipsSleep(name: string, count: number): boolean {
    return this.#sleeps.has(name, count);
  }

  timesOut(name: string, count: number): boolean {
    return this.#waits.has(name, count);
  }

  #refuseAfterResult(step: StepSelector, message: string): void {
    if (this.#results.has(keyOf(step))) throw new Error(`[WorkflowIntrospector] ${message}`);
  }

  #fail(step: StepSelector, times: number | undefined, callback: StepCallback): void {
    const key = keyOf(step);
    const failures: Failures = this.#failures.get(key) ?? { byAttempt: new Map(), always: undefined };
    this.#failures.set(key, failures);
    if (times === undefined || times === 0) failures.always = callback;
    else for (let i = 0; i < times; i += 1) failures.byAttempt.set(failures.byAttempt.size + 1, callback);
  }
}

/** What each of two says, the first first. */
export function both(first: InstanceMocks, second: InstanceMocks): InstanceMocks {
  return {
    attempt: (...step) => first.attempt(...step) ?? second.attempt(...step),
    skipsDelay: (...step) => first.skipsDelay(...step) || second.skipsDelay(...step),
    skipsSleep: (...step) => first.skipsSleep(...step) || second.skipsSleep(...step),
    timesOut: (...step) => first.timesOut(...step) || second.timesOut(...step),
  };
}

/** Steps that were selected: all, or some. */
class Selection {
  #all = false;
  readonly #some: Set<string> = new Set();

  add(steps: readonly StepSelector[] | undefined): void {
    if (steps === undefined) this.#all = true;
    else for (const step of steps) this.#some.add(keyOf(step));
  }

  has(name: string, count: number): boolean {
    return this.#all || this.#some.has(keyOf({ name, index: count }));
  }
}

function keyOf({ name, index }: StepSelector): string {
  return `${index === undefined || index === 0 ? 1 : index} ${name}`;
}

/** Each attempt gets a copy of its own, of the result as it was when it was declared. */
function givesResult(result: unknown): StepCallback {
  if (result instanceof ReadableStream) {
    let rest: ReadableStream<unknown> = result;
    return () => {
      const [given, kept] = rest.tee();
      rest = kept;
      return given;
    };
  }
  const text = encode(result);
  return () => decode(text);
}
