/** What a subscriber may ask for, checked beside user code and again where it is answered; and how the answers cross. */
import { PUBLIC_EVENT_TYPES } from "../instance/event-kinds.ts";

/** Which events a subscriber asks for. */
export interface Wanted {
  /** Only events with a greater `eventId`. */
  readonly cursor: number;
  /** Only events of these types; all when absent. */
  readonly filter: readonly string[] | undefined;
}

/** Cloudflare's text for options that are none. */
export const INVALID_SUBSCRIBE_OPTIONS = "Invalid Workflow subscription options";

/** What the options of `subscribe()` ask for; undefined when they are not valid: then nothing in them is guessed at. */
export function wantedBy(options: unknown): Wanted | undefined {
  if (options === undefined) return { cursor: 0, filter: undefined };
  if (typeof options !== "object" || options === null || Array.isArray(options)) return undefined;
  const { cursor, filter, ...others } = options as Record<string, unknown>;
  if (Object.keys(others).length > 0) return undefined;
  if (cursor !== undefined && !(Number.isSafeInteger(cursor) && (cursor as number) >= 0)) return undefined;
  if (filter !== undefined && !(Array.isArray(filter) && filter.every((type) => PUBLIC_EVENT_TYPES.has(type as string))))
    return undefined;
  return { cursor: (cursor as number | undefined) ?? 0, filter: filter as string[] | undefined };
}

/** What the engine answers when it is asked for the next item of a reading. */
export type NextItem<T> = { readonly done: true } | { readonly done: false; readonly value: T };

/** An event as it crosses: an output that is a stream is a reading of its own. */
export interface CrossingEvent {
  readonly event: object;
  readonly stream?: number;
}
