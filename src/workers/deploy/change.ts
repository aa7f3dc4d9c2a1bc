/**
 * A change of the catalogue that is decided on what the catalogue says. When that is no longer so by the time of the change, it
 * is decided again: nothing is locked while code loads, and nothing is ever half changed.
 */
import { setImmediate } from "node:timers/promises";
import { Failure } from "../../model/failures/failure.ts";
import type { CatalogEdit, Edits } from "../../ports/catalog/edits.ts";

/** Of changes that run at once, one succeeds at each attempt. */
const ATTEMPTS = 50;

/** What is to be changed, and what the caller gets once it has been. */
export interface Decided<T> {
  readonly edits: readonly CatalogEdit[];
  readonly result: T;
}

/** @throws Failure what `decide` throws, and then nothing has changed; `catalog.conflict` when others are always faster. */
export async function change<T>(catalog: Edits, decide: () => Promise<Decided<T>>): Promise<T> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const revision = await catalog.revision();
    const { edits, result } = await decide();
    if (await catalog.commit(edits, revision)) return result;
    // In a turn of its own: a decision that waits for no process is overtaken by none of those that were late with it.
    await setImmediate();
  }
  throw new Failure("catalog.conflict");
}
