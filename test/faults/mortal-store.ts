/** A store whose process "dies" before or after a commit: from then on nothing is stored and no call is answered. */
import type { Store } from "../../src/ports/store.ts";
import type { Batch, BatchResult } from "../../src/ports/instances/commit.ts";
import type { Lease } from "../../src/ports/instances/journal-store.ts";

/** A store that lets so many commits through; the one after them is stored or not, and answered never. */
export class MortalStore {
  readonly store: Store;
  #left: number;
  #applied: boolean;
  /** Called when it dies. */
  died: () => void = () => {};

  constructor(inner: Store, commits: number, appliesLast: boolean) {
    this.#left = commits;
    this.#applied = appliesLast;
    this.store = new Proxy(inner, {
      get: (target, verb: keyof Store) =>
        verb === "commit" ? (batch: Batch, lease: Lease) => this.#commit(inner, batch, lease) : target[verb].bind(target),
    });
  }

  async #commit(inner: Store, batch: Batch, lease: Lease): Promise<BatchResult> {
    if (this.#left > 0) {
      this.#left -= 1;
      return inner.commit(batch, lease);
    }
    if (this.#applied) {
      this.#applied = false;
      await inner.commit(batch, lease);
    }
    this.died();
    return new Promise(() => {});
  }
}
