/** What a store finds in bounded parts, as a whole: a page that is full, and a count that is good enough. */
import { LIMITS } from "../../model/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Found, FoundInstance, InstanceFilter, InstanceSearch, SearchPage, Tally } from "../../ports/instances/search.ts";
import type { MatchCount } from "../contract.ts";

/** What is searched with. */
interface Parts {
  readonly store: InstanceSearch;
  readonly clock: Pick<Clock, "soon">;
}

/** Searches on until the page is full, in so many parts at the most; whatever else there is to do comes in between. */
export async function findMatching(
  { store, clock }: Parts,
  filter: InstanceFilter,
  page: SearchPage,
  parts: number,
): Promise<Found> {
  const items: FoundInstance[] = [];
  let next = page.after;
  for (let part = 0; part < parts; part += 1) {
    if (part > 0) await turn(clock);
    const left = page.limit - items.length;
    const found = await store.search(filter, { ...page, limit: left, ...(next && { after: next }) });
    items.push(...found.items);
    ({ next } = found);
    if (next === undefined || items.length === page.limit) break;
  }
  return { items, next };
}

/** Counts in so many parts at the most, and no further than to `LIMITS.matchesCounted`. */
export async function countMatching({ store, clock }: Parts, filter: InstanceFilter, parts: number): Promise<MatchCount> {
  let tally: Tally = await store.tally(filter);
  let { count } = tally;
  for (let part = 1; part < parts && tally.next !== undefined && count < LIMITS.matchesCounted; part += 1) {
    await turn(clock);
    tally = await store.tally(filter, tally.next);
    count += tally.count;
  }
  return { count, isExact: tally.next === undefined };
}

/** Resolves when everything else that waits in this turn of the event loop has had its own. */
export function turn(clock: Pick<Clock, "soon">): Promise<void> {
  return new Promise((resolve) => clock.soon(resolve));
}
