/**
 * What a run knows of the past: the outcomes of the steps that had begun before it, in windows, as many as the engine has sent so
 * far. Each is given out once.
 */
import { stepId, type StepKey } from "../../model/step/step.ts";
import type { Outcome, StartFrame } from "../../protocol/frames.ts";
import { settleable } from "./settleable.ts";

/** What a history needs of its run. */
export interface HistoryOwner {
  /** The next window is wanted. */
  ask(): void;
  /** An outcome has been given out. */
  taken(): void;
}

export class History {
  readonly #owner: HistoryOwner;
  /** Outcomes that have been sent and not asked for yet. */
  readonly #outcomes: Map<string, Outcome> = new Map();
  #loaded = 0;
  #known: number;
  #windows: (() => void)[] = [];

  constructor({ knownSteps, history }: StartFrame, owner: HistoryOwner) {
    this.#owner = owner;
    this.#known = knownSteps;
    if (history.length > 0) this.add(0, history);
  }

  /** How many outcomes the engine has sent. */
  get loaded(): number {
    return this.#loaded;
  }

  /** True while steps wait for a window. */
  get isAwaited(): boolean {
    return this.#windows.length > 0;
  }

  /** True when everything that the journal knows has been given out. */
  get isRecalled(): boolean {
    return this.#loaded >= this.#known && this.#outcomes.size === 0;
  }

  /** How a step ended or stands, if it had begun before this run. */
  outcome(id: string): Outcome | undefined | Promise<Outcome | undefined> {
    const known = this.#outcomes.get(id);
    if (known !== undefined) {
      this.#take(id);
      return known;
    }
    return this.#loaded < this.#known ? this.#load(id) : undefined;
  }

  /** Takes in a window. An outcome that came by itself meanwhile is the newer one. */
  add(from: number, outcomes: readonly Outcome[]): void {
    if (from !== this.#loaded) return;
    for (const outcome of outcomes) {
      const id = stepId(outcome.key.kind, outcome.key.name, outcome.key.count);
      if (!this.#outcomes.has(id)) this.#outcomes.set(id, outcome);
    }
    this.#loaded += outcomes.length;
    // An empty window past the start means that there is no more, whatever had been announced.
    if (outcomes.length === 0) this.#known = this.#loaded;
    for (const resolve of this.#windows.splice(0)) resolve();
  }

  /** A sleep or wait has ended that the code has not got to. */
  put(id: string, outcome: Outcome): void {
    this.#outcomes.set(id, outcome);
  }

  /** The delay before the next attempt of a step is over, and the code has not got to the step. */
  retry({ kind, name, count }: StepKey): void {
    const id = stepId(kind, name, count);
    const known = this.#outcomes.get(id);
    if (known?.state === "retrying") this.#outcomes.set(id, { ...known, due: true });
  }

  clear(): void {
    this.#outcomes.clear();
  }

  async #load(id: string): Promise<Outcome | undefined> {
    while (!this.#outcomes.has(id) && this.#loaded < this.#known) {
      if (this.#windows.length === 0) this.#owner.ask();
      const { promise, resolve } = settleable();
      this.#windows.push(resolve);
      await promise;
    }
    const outcome = this.#outcomes.get(id);
    this.#take(id);
    return outcome;
  }

  #take(id: string): void {
    this.#outcomes.delete(id);
    this.#owner.taken();
  }
}
