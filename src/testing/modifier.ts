/**
 * What a test arranges for the steps of an instance: declared through `WorkflowInstanceModifier`, which has the names and
 * the texts of `cloudflare:test`, and kept as data for the runtime (`model/step/arrangement.ts`).
 */
import {
  arrangedStep,
  type Arrangement,
  type ArrangedFailure,
  type ArrangedResult,
  type ArrangedStep,
  type StepSelection,
} from "../model/step/arrangement.ts";
import { encode } from "../model/values/value.ts";

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

/** Who hears of what is declared. */
export interface ModifierListener {
  /** What is arranged for steps has changed. */
  changed(): void;
  /** An event is to be sent to the instances that there are already. */
  announced(event: MockEvent): Promise<void>;
}

const NOTHING: Arrangement = { sleeps: [], delays: [], waits: [], steps: {} };
const NO_STEP: ArrangedStep = { failures: [] };

export class Modifier implements WorkflowInstanceModifier {
  readonly events: MockEvent[] = [];
  readonly #listener: ModifierListener;
  #arrangement: Arrangement = NOTHING;

  constructor(listener: ModifierListener) {
    this.#listener = listener;
  }

  /** What has been declared so far. */
  get arrangement(): Arrangement {
    return this.#arrangement;
  }

  async disableSleeps(steps?: readonly StepSelector[]): Promise<void> {
    this.#arrange({ sleeps: selected(this.#arrangement.sleeps, steps) });
  }

  async disableRetryDelays(steps?: readonly StepSelector[]): Promise<void> {
    this.#arrange({ delays: selected(this.#arrangement.delays, steps) });
  }

  async mockStepResult(step: StepSelector, stepResult: unknown): Promise<void> {
    const refuse = (): void => this.#refuseAfterResult(step, `Trying to mock step '${step.name}' multiple times!`);
    refuse();
    const result = stepResult instanceof ReadableStream ? await chunksOf(stepResult) : { output: encode(stepResult) };
    // Another may have been declared while the stream was read.
    refuse();
    this.#arrangeStep(step, { result });
  }

  async mockStepError(step: StepSelector, { name, message }: Error, times?: number): Promise<void> {
    this.#refuseAfterResult(step, `Trying to mock error on step '${step.name}' after mocking its result!`);
    this.#fail(step, times, { name, message });
  }

  async forceStepTimeout(step: StepSelector, times?: number): Promise<void> {
    this.#refuseAfterResult(step, `Trying to force timeout on step '${step.name}' after mocking its result!`);
    this.#fail(step, times, "timeout");
  }

  async mockEvent(event: MockEvent): Promise<void> {
    this.events.push(event);
    await this.#listener.announced(event);
  }

  async forceEventTimeout(step: StepSelector): Promise<void> {
    this.#arrange({ waits: selected(this.#arrangement.waits, [step]) });
  }

  #refuseAfterResult(step: StepSelector, message: string): void {
    if (this.#step(step).result !== undefined) throw new Error(`[WorkflowIntrospector] ${message}`);
  }

  #fail(step: StepSelector, times: number | undefined, failure: ArrangedFailure): void {
    const { failures } = this.#step(step);
    if (times === undefined || times === 0) this.#arrangeStep(step, { always: failure });
    else this.#arrangeStep(step, { failures: [...failures, ...Array.from({ length: times }, () => failure)] });
  }

  #step(step: StepSelector): ArrangedStep {
    return this.#arrangement.steps[keyOf(step)] ?? NO_STEP;
  }

  #arrangeStep(step: StepSelector, part: Partial<ArrangedStep>): void {
    this.#arrange({ steps: { ...this.#arrangement.steps, [keyOf(step)]: { ...this.#step(step), ...part } } });
  }

  #arrange(part: Partial<Arrangement>): void {
    this.#arrangement = { ...this.#arrangement, ...part };
    this.#listener.changed();
  }
}

function selected(before: StepSelection, steps: readonly StepSelector[] | undefined): StepSelection {
  return steps === undefined || before === "all" ? "all" : [...before, ...steps.map(keyOf)];
}

function keyOf({ name, index }: StepSelector): string {
  return arrangedStep(name, index === undefined || index === 0 ? 1 : index);
}

/** All of a stream: each attempt gets one of its own. */
async function chunksOf(stream: ReadableStream<unknown>): Promise<ArrangedResult> {
  const chunks: unknown[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return { chunks: encode(chunks) };
}
