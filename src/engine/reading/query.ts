/** Reading: what has happened to an instance, and what happens to it from now on. Only durable events are shown. */
import type { InstanceEvent } from "../../model/instance/events.ts";
import type { JournalRow } from "../../ports/instances/commit.ts";
import type { Core } from "../runs/core.ts";
import type { InstanceAddress, WorkflowNews } from "../contract.ts";
import type { FeedReader } from "../journal/feed.ts";
import { readRow, rowParts } from "../journal/row.ts";
import type { FreshRow } from "../journal/watch.ts";

/** Bytes of journal that are read at once. */
const READ_BYTES = 256 * 1024;

/** Characters of a row that is parsed in parts: to find the parts takes twice the time, and a single output is shorter. */
const LONG_ROW = 2 * 1024 * 1024;

/** How far the journal of an instance has been read. */
interface Position {
  readonly pk: number;
  seq: number;
}

/** See `Engine.history`. */
export async function* history(core: Core, address: InstanceAddress): AsyncGenerator<readonly InstanceEvent[]> {
  const { pk } = await core.instances.find(address);
  const read = core.reads.begin();
  try {
    for await (const { events, characters } of stored(core, { pk, seq: 0 })) {
      yield events;
      await read.did(characters);
    }
  } finally {
    read.end();
  }
}

/** See `Engine.follow`. */
export async function* follow(
  core: Core,
  address: InstanceAddress,
  signal: AbortSignal,
): AsyncGenerator<readonly InstanceEvent[]> {
  const { pk } = await core.instances.find(address);
  const position = { pk, seq: 0 };
  while (!signal.aborted) {
    const reader = core.watchers.instances.open(pk, signal);
    try {
      // Asked while it is watched: a deletion from now on ends the feed. So does a failed commit, after which all goes on.
      if ((await core.store.find(address.workflow, address.id))?.pk !== pk) return;
      for await (const events of eventsOf(core, reader, position)) {
        const last = events.findIndex(isLast);
        yield last < 0 ? events : events.slice(0, last + 1);
        if (last >= 0) return;
      }
    } finally {
      reader.close();
    }
  }
}

/** See `Engine.followWorkflow`. */
export async function* followWorkflow(
  { watchers }: Core,
  workflow: string,
  signal: AbortSignal,
  types?: readonly string[],
): AsyncGenerator<WorkflowNews> {
  const reader = watchers.workflow(workflow, types, signal);
  try {
    for (let news = await reader.next(); news !== undefined; news = await reader.next())
      yield { events: news.items, missed: news.missed };
  } finally {
    reader.close();
  }
}

/** Stored events, then new ones; a reader that falls behind the feed reads from the store again. */
async function* eventsOf(core: Core, reader: FeedReader<FreshRow>, position: Position): AsyncGenerator<readonly InstanceEvent[]> {
  for (let missed = true; missed;) {
    for await (const { events } of stored(core, position)) yield events;
    for (missed = false; !missed;) {
      const news = await reader.next();
      if (news === undefined) return;
      missed = news.missed > 0;
      const fresh = missed ? [] : news.items.filter(({ seq }) => seq > position.seq);
      position.seq = fresh.at(-1)?.seq ?? position.seq;
      if (fresh.length > 0) yield fresh.length === 1 ? (fresh[0]?.events ?? []) : fresh.flatMap(({ events }) => events);
    }
  }
}

/** Events that have been read together, and how long their text was. */
interface Part {
  readonly events: readonly InstanceEvent[];
  readonly characters: number;
}

/** Reads on from a position, which moves along, some events at a time. Skips an end that a restart from a step has taken back. */
async function* stored(core: Core, position: Position): AsyncGenerator<Part> {
  let end: InstanceEvent | undefined;
  for (;;) {
    await core.reads.turn();
    const rows = await core.store.load(position.pk, position.seq, READ_BYTES);
    if (rows.length === 0) {
      if (end !== undefined) yield { events: [end], characters: 0 };
      return;
    }
    for await (const part of partsOf(core, rows)) {
      const last = part.events.at(-1);
      if (last === undefined) continue;
      end = isLast(last) ? last : undefined;
      yield part.events.some(isLast) ? { ...part, events: part.events.filter((event) => !isLast(event)) } : part;
    }
    position.seq = rows.at(-1)?.seq ?? position.seq;
  }
}

/** Rows as they were read together, and a long one in parts. */
async function* partsOf(core: Core, rows: readonly JournalRow[]): AsyncGenerator<Part> {
  const characters = rows.reduce((sum, row) => sum + row.events.length, 0);
  if (characters <= LONG_ROW) {
    core.reads.did(characters);
    return yield { events: rows.flatMap(readRow), characters };
  }
  for (const row of rows) {
    for (const events of rowParts(row, READ_BYTES)) {
      core.reads.did(READ_BYTES);
      yield { events, characters: row.events.length };
      await core.reads.turn();
    }
  }
}

function isLast(event: InstanceEvent): boolean {
  switch (event.type) {
    case "workflow_completed":
    case "workflow_errored":
    case "workflow_terminated":
      return true;
    default:
      return false;
  }
}
