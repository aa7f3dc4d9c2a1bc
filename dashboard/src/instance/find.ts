/** Filters steps by a text in their name or error, by outcome and by kind. Pure. */
import { hasFailed, type Entry } from "./timeline.ts";

export const KINDS = {
  all: "All",
  failed: "Failed or retried",
  running: "Running",
  step: "Steps",
  sleep: "Sleeps",
  waitForEvent: "Waits",
  rollback: "Rollbacks",
} as const;

export type Kind = keyof typeof KINDS;

/** What is looked for. */
export interface Wanted {
  readonly text: string;
  readonly kind: Kind;
}

export const EVERYTHING: Wanted = { text: "", kind: "all" };

/** The entries that are wanted, in their order. All of them are the list itself. */
export function find(entries: readonly Entry[], { text, kind }: Wanted): readonly Entry[] {
  const needle = text.trim().toLowerCase();
  if (needle === "" && kind === "all") return entries;
  return entries.filter((entry) => isOfKind(entry, kind) && (needle === "" || says(entry, needle)));
}

function isOfKind(entry: Entry, kind: Kind): boolean {
  switch (kind) {
    case "all":
      return true;
    case "failed":
      return hasFailed(entry);
    case "running":
      return entry.state === "running";
    default:
      return entry.type === kind;
  }
}

function says({ name, event_type: type, error, attempts }: Entry, needle: string): boolean {
  const has = (text: string | undefined): boolean => text?.toLowerCase().includes(needle) === true;
  return has(name) || has(type) || has(error?.message) || attempts.some((each) => has(each.error?.message));
}

/** The next failure after an entry (or before it), around the end if need be; undefined when there is none. */
export function nextFailure(entries: readonly Entry[], from: Entry | undefined, direction: 1 | -1): Entry | undefined {
  const begin = from === undefined ? (direction === 1 ? -1 : 0) : entries.indexOf(from);
  for (let i = 1; i <= entries.length; i += 1) {
    const entry = entries[(begin + direction * i + 2 * entries.length) % entries.length];
    if (entry !== undefined && hasFailed(entry)) return entry;
  }
  return undefined;
}
