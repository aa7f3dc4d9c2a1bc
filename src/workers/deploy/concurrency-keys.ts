/** Makes, changes and deletes concurrency keys. */
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Deployed } from "../../ports/catalog/catalog.ts";
import type { ConcurrencyKey } from "../../ports/catalog/concurrency.ts";
import type { DeployParts } from "../versions/parts.ts";
import { change } from "./change.ts";

/** Makes one. Fails with `concurrency.already_exists` and `concurrency.too_many`. */
export function makeConcurrencyKey(
  { catalog, clock, ids }: DeployParts,
  wanted: Pick<ConcurrencyKey, "name" | "limit">,
): Promise<ConcurrencyKey> {
  const now = clock.now();
  const made = { id: ids.uuid(), ...wanted, createdAt: now, modifiedAt: now };
  return change(catalog, async () => {
    const keys = await catalog.concurrencyKeys();
    if (keys.some(({ name }) => name === made.name)) throw new Failure("concurrency.already_exists", { field: "name" });
    if (keys.length >= LIMITS.concurrencyKeys) throw new Failure("concurrency.too_many", { field: "body" });
    return { edits: [{ type: "concurrency_keys", keys: [...keys, made] }], result: made };
  });
}

/** Changes the limit of one. Fails with `concurrency.not_found`. */
export function changeConcurrencyKey({ catalog, clock }: DeployParts, id: string, limit: number): Promise<ConcurrencyKey> {
  return change(catalog, async () => {
    const keys = await catalog.concurrencyKeys();
    const changed = { ...keyOf(keys, id), limit, modifiedAt: clock.now() };
    return {
      edits: [{ type: "concurrency_keys", keys: keys.map((each) => (each.id === id ? changed : each)) }],
      result: changed,
    };
  });
}

/** Deletes one. Fails with `concurrency.not_found`. */
export function removeConcurrencyKey(catalog: Deployed, id: string): Promise<void> {
  return change(catalog, async () => {
    const keys = await catalog.concurrencyKeys();
    const removed = keyOf(keys, id);
    return { edits: [{ type: "concurrency_keys", keys: keys.filter((each) => each !== removed) }], result: undefined };
  });
}

/** The one with an id. Fails with `concurrency.not_found`. */
export function keyOf(keys: readonly ConcurrencyKey[], id: string): ConcurrencyKey {
  const key = keys.find((each) => each.id === id);
  if (key === undefined) throw new Failure("concurrency.not_found", { field: "key_id" });
  return key;
}
