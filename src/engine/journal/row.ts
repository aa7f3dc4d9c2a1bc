/**
 * The text of a journal row: a JSON array of times (epoch milliseconds), each followed by the events that were recorded
 * then. Ids are not written: they follow from the first one's.
 */
import type { DoEvent, EventBody, InstanceEvent } from "../../model/instance/events.ts";
import { arrayParts } from "../../model/values/json-array.ts";
import { pack, unpack, type PackedStep } from "../../model/step/pack.ts";
import type { JournalRow } from "../../ports/instances/commit.ts";
import type { RowEntry } from "../state/live.ts";

/** The text of a row. */
export function rowText(entries: readonly RowEntry[]): string {
  return JSON.stringify(pack<Exclude<RowEntry, DoEvent>>(entries));
}

/** The events of a row, with their ids and times. */
export function readRow({ firstEventId, events }: Pick<JournalRow, "firstEventId" | "events">): InstanceEvent[] {
  return readEntries(firstEventId, JSON.parse(events) as readonly (RowEntry | PackedStep)[]);
}

/** As `readRow`, of a row that has not been text yet, or is no longer. */
export function readEntries(firstEventId: number, entries: readonly (RowEntry | PackedStep)[]): InstanceEvent[] {
  const read: InstanceEvent[] = [];
  let timestamp = 0;
  for (const entry of entries) {
    if (typeof entry === "number") timestamp = entry;
    else if (isPacked(entry))
      for (const event of unpack(entry)) read.push({ ...event, timestamp, eventId: firstEventId + read.length });
    else read.push({ ...entry, timestamp, eventId: firstEventId + read.length });
  }
  return read;
}

/** As `readRow`, in parts of about so many characters: branches that end together share a row, with all their outputs. */
export function* rowParts(
  { firstEventId, events }: Pick<JournalRow, "firstEventId" | "events">,
  size: number,
): Generator<InstanceEvent[]> {
  let nextId = firstEventId;
  let timestamp = 0;
  for (const part of arrayParts(events, size)) {
    const entries = part as (RowEntry | PackedStep)[];
    const read = readEntries(nextId, [timestamp, ...entries]);
    nextId += read.length;
    timestamp = entries.findLast((entry) => typeof entry === "number") ?? timestamp;
    yield read;
  }
}

function isPacked(entry: EventBody | PackedStep): entry is PackedStep {
  return Array.isArray(entry);
}
