/**
 * What a subscriber is shown: the public events of an instance after a cursor, of the kinds that it asked for. One
 * account of it for REST and for bindings.
 */
import type { Engine, InstanceAddress } from "../engine/engine.ts";
import { PublicView, type PublicEvent } from "../model/public-event.ts";
import { toJson, type Encoded } from "../model/value.ts";

/** Which events a subscriber asks for. */
export interface Wanted {
  /** Only events with a greater `eventId`. */
  readonly cursor: number;
  /** Only events of these types; all when absent. */
  readonly filter: readonly string[] | undefined;
}

/**
 * The events, some at a time, until the instance has ended: also when `filter` hides how. Fails as `Engine.follow` does.
 * `form` makes values of params and outputs.
 */
export async function* subscription(
  engine: Engine,
  address: InstanceAddress,
  { cursor, filter }: Wanted,
  signal: AbortSignal,
  form: (value: Encoded) => unknown = toJson,
): AsyncGenerator<readonly PublicEvent[]> {
  const view = new PublicView(address.id, { form });
  const isWanted = filterOf(filter);
  // From the first event on: what is secret is known only to who has seen how a step began.
  for await (const events of engine.follow(address, signal)) {
    const shown = events.map((event) => view.show(event));
    const wanted = shown.filter((event) => event !== undefined && event.eventId > cursor && isWanted(event));
    if (wanted.length > 0) yield wanted as PublicEvent[];
  }
}

/** True for the events that a filter lets through. */
export function filterOf(filter: readonly string[] | undefined): (event: PublicEvent) => boolean {
  if (filter === undefined) return () => true;
  const types = new Set(filter);
  return ({ type }) => types.has(type);
}
