/**
 * What a subscriber is shown: the public events of an instance after a cursor, of the kinds that it asked for. One
 * account of it for REST and for bindings.
 */
import type { Engine, InstanceAddress } from "../../../engine/contract.ts";
import type { Wanted } from "../../../model/views/subscription.ts";
import { InstanceView } from "../../../model/views/fold.ts";
import { knownFrom, publicEvent, type Form, type PublicEvent } from "../../../model/views/public-event.ts";

/**
 * The events, some at a time, until the instance has ended: also when `filter` hides how. Fails as `Engine.follow` does.
 * `form` makes values of params and outputs: their JSON form unless it says otherwise.
 */
export async function* subscription(
  engine: Engine,
  address: InstanceAddress,
  { cursor, filter }: Wanted,
  signal: AbortSignal,
  form?: Form,
): AsyncGenerator<readonly PublicEvent[]> {
  const view = new InstanceView();
  const known = knownFrom(view);
  const isWanted = filterOf(filter);
  // From the first event on: which values are secret is known only from the begin of a step.
  for await (const events of engine.follow(address, signal)) {
    const shown: PublicEvent[] = [];
    for (const event of events) {
      const made = event.eventId > cursor && isWanted(event) ? publicEvent(address.id, event, known, form) : undefined;
      if (made !== undefined) shown.push(made);
      view.add(event);
    }
    if (shown.length > 0) yield shown;
  }
}

/** True for the events that a filter lets through. */
export function filterOf(filter: readonly string[] | undefined): (event: { readonly type: string }) => boolean {
  if (filter === undefined) return () => true;
  const types = new Set(filter);
  return ({ type }) => types.has(type);
}
