/**
 * What a subscriber is shown: the public events of an instance after a cursor, of the kinds that it asked for. One
 * account of it for REST and for bindings.
 */
import type { Engine, InstanceAddress } from "../engine/engine.ts";
import { PublicView, type Form, type PublicEvent } from "../model/public-event.ts";
import type { Wanted } from "../model/subscription.ts";

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
  const view = new PublicView(address.id, form && { form });
  const isWanted = filterOf(filter);
  // From the first event on: what is secret is known only to who has seen how a step began.
  for await (const events of engine.follow(address, signal)) {
    const shown: PublicEvent[] = [];
    for (const event of events) {
      const isShown = event.eventId > cursor && isWanted(event);
      const made = isShown ? view.show(event) : view.pass(event);
      if (made !== undefined) shown.push(made);
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
