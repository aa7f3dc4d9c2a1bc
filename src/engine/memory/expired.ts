/** Instances past their retention: they are never shown, they are deleted when found, and their ids are free. */
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import type { InstanceAddress } from "../contract.ts";
import type { Journal } from "../journal/journal.ts";
import { isExpired, type Instances } from "./instances.ts";

interface Parts {
  readonly store: Store;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly instances: Instances;
}

/** Deletes an expired instance; false when it is in use. */
export async function deleteExpired({ instances, journal }: Pick<Parts, "instances" | "journal">, pk: number): Promise<boolean> {
  if (!instances.seal(pk)) return false;
  try {
    await journal.remove(pk);
  } finally {
    instances.unseal(pk);
  }
  return true;
}

/** Frees an id that is taken by an instance past its retention. False when it is taken for good. */
export async function freeId(parts: Parts, { workflow, id }: InstanceAddress): Promise<boolean> {
  const holder = await parts.store.find(workflow, id);
  if (holder === undefined) return true;
  if (!isExpired(holder, parts.clock.now())) return false;
  // What is being deleted already is gone with the next commit.
  if (!(await deleteExpired(parts, holder.pk))) await parts.journal.quiet();
  return true;
}
