/**
 * A store that fails, where `mortal-store.ts` dies: commits are refused, or made although they are answered with an error; reads
 * fail; answers come late. What fails is decided by a seed, until the store is mended.
 */
import type { Store } from "../../src/ports/store.ts";
import { StoreError } from "../../src/model/failures/store-error.ts";
import type { Batch, BatchResult } from "../../src/ports/instances/commit.ts";
import type { Lease } from "../../src/ports/instances/journal-store.ts";
import { randomFrom } from "../support/random.ts";

/** How often what fails. Shares are from 0 to 1. */
export interface Faults {
  /** Share of commits that fail and change nothing. */
  readonly refused: number;
  /** Share of commits that are made, and answered with an error all the same. */
  readonly replyLost: number;
  /** Share of reads that fail. */
  readonly unread: number;
  /** Turns of the event loop that an answer takes longer, at the most. */
  readonly lateTurns: number;
}

const NO_FAULTS: Faults = { refused: 0, replyLost: 0, unread: 0, lateTurns: 0 };

/** What neither reads nor commits. */
const SOUND: ReadonlySet<keyof Store> = new Set(["acquire", "verify", "close"]);

export class FailingStore {
  readonly store: Store;
  readonly #inner: Store;
  readonly #random: () => number;
  #faults: Faults;

  constructor(inner: Store, seed: number, faults: Faults) {
    this.#inner = inner;
    this.#random = randomFrom(seed);
    this.#faults = faults;
    this.store = new Proxy(inner, {
      get: (target, verb: keyof Store) => {
        if (verb === "commit") return (batch: Batch, lease: Lease) => this.#commit(batch, lease);
        const ask = target[verb].bind(target) as (...args: readonly unknown[]) => Promise<unknown>;
        return SOUND.has(verb) ? ask : (...args: readonly unknown[]) => this.#read(() => ask(...args));
      },
    });
  }

  /** From now on nothing fails. */
  mend(): void {
    this.#faults = NO_FAULTS;
  }

  async #commit(batch: Batch, lease: Lease): Promise<BatchResult> {
    const { refused, replyLost } = this.#faults;
    const fate = this.#random();
    await this.#late();
    if (fate < refused) throw new StoreError("full", "The disk is full");
    const result = await this.#inner.commit(batch, lease);
    await this.#late();
    if (fate < refused + replyLost) throw new StoreError("io", "The disk does not answer");
    return result;
  }

  async #read(ask: () => Promise<unknown>): Promise<unknown> {
    const fails = this.#random() < this.#faults.unread;
    await this.#late();
    if (fails) throw new StoreError("io", "The disk cannot be read");
    return ask();
  }

  async #late(): Promise<void> {
    const turns = Math.floor(this.#random() * (this.#faults.lateTurns + 1));
    for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}
