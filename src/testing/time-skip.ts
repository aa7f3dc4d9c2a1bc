/** Lets time pass in a test: when nothing is under way, the clock is put forward to the next end of a sleep or retry delay. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { readRow } from "../engine/journal/row.ts";
import { dueAt } from "../model/instance/due.ts";
import { evolve } from "../model/instance/evolve.ts";
import type { InstanceState } from "../model/instance/state.ts";
import type { Store } from "../ports/store.ts";
import type { InstanceSummary } from "../ports/instances/summary.ts";
import type { SkippingClock } from "./skipping-clock.ts";

/** Looks after each commit, until `closed` aborts. */
export function skipTime(store: Store, clock: SkippingClock, workflows: readonly string[], closed: AbortSignal): void {
  const commit = store.commit.bind(store);
  const skip = new TimeSkip(store, clock, workflows, closed);
  store.commit = async (batch, lease) => {
    const result = await commit(batch, lease);
    void skip.look();
    return result;
  };
}

class TimeSkip {
  readonly #store: Store;
  readonly #clock: SkippingClock;
  readonly #workflows: readonly string[];
  readonly #closed: AbortSignal;
  #looking = false;
  #looksAgain = false;

  constructor(store: Store, clock: SkippingClock, workflows: readonly string[], closed: AbortSignal) {
    this.#store = store;
    this.#clock = clock;
    this.#workflows = workflows;
    this.#closed = closed;
  }

  async look(): Promise<void> {
    this.#looksAgain = true;
    if (this.#looking) return;
    this.#looking = true;
    try {
      while (this.#looksAgain && !this.#closed.aborted) {
        this.#looksAgain = false;
        await nextTurn();
        const at = await this.#nextEnd();
        if (at !== undefined && !this.#closed.aborted) this.#clock.skipTo(at);
      }
    } finally {
      this.#looking = false;
    }
  }

  async #nextEnd(): Promise<number | undefined> {
    let next: number | undefined;
    for (const workflow of this.#workflows) {
      const { queued = 0, running = 0, waitingForPause = 0 } = await this.#store.statusCounts(workflow);
      if (queued + running + waitingForPause > 0) return undefined;
      const waiting = await this.#store.list({ workflow, status: "waiting", direction: "asc", limit: Number.MAX_SAFE_INTEGER });
      for (const summary of waiting) {
        const at = endOf(await this.#read(summary));
        if (at !== undefined && (next === undefined || at < next)) next = at;
      }
    }
    return next;
  }

  async #read({ pk }: InstanceSummary): Promise<InstanceState | undefined> {
    let state: InstanceState | undefined;
    for (const row of await this.#store.load(pk, 0, Number.MAX_SAFE_INTEGER)) {
      for (const event of readRow(row)) state = evolve(state, event, { ...event, seq: row.seq });
    }
    return state;
  }
}

/** When the first sleep or retry delay ends. A wait for an event is for the test to end. */
function endOf(state: InstanceState | undefined): number | undefined {
  const ends = [...(state?.open ?? [])].flatMap((step) => (step.kind === "waitForEvent" ? [] : (dueAt(step) ?? [])));
  return ends.length === 0 ? undefined : Math.min(...ends);
}
