/** Reading: what has happened to an instance, and what happens to it from now on. Only durable events are shown. */
import type { InstanceEvent } from "../model/events.ts";
import type { Core } from "./core.ts";
import type { InstanceAddress, WorkflowNews } from "./engine.ts";
import type { FeedReader } from "./feed.ts";
import { readRow } from "./row.ts";
import type { FreshRow, Watchers } from "./watch.ts";

/** Bytes of journal that are read at once. */
const READ_BYTES = 256 * 1024;

/** How far the journal of an instance has been read. */
interface Position {
  readonly pk: number;
  seq: number;
}

/** See `Engine.history`. */
export async function* history(core: Core, address: InstanceAddress, after = 0): AsyncGenerator<InstanceEvent> {
  const { pk } = await core.instances.find(address);
  for await (const rows of stored(core, { pk, seq: 0 }))
    for (const events of rows) for (const event of events) if (event.eventId > after) yield event;
}

/** See `Engine.past`. */
export async function* past(core: Core, address: InstanceAddress): AsyncGenerator<readonly InstanceEvent[]> {
  const { pk } = await core.instances.find(address);
  for await (const rows of stored(core, { pk, seq: 0 })) yield rows.flat();
}

/** See `Engine.follow`. */
export async function* follow(
  core: Core,
  watchers: Watchers,
  address: InstanceAddress,
  signal: AbortSignal,
): AsyncGenerator<readonly InstanceEvent[]> {
  const { pk } = await core.instances.find(address);
  const position = { pk, seq: 0 };
  while (!signal.aborted) {
    const reader = watchers.instances.open(pk, signal);
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
  watchers: Watchers,
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

/** What is stored, then what comes; whoever falls behind the feed reads from the store again. */
async function* eventsOf(core: Core, reader: FeedReader<FreshRow>, position: Position): AsyncGenerator<readonly InstanceEvent[]> {
  for (let missed = true; missed;) {
    for await (const rows of stored(core, position)) yield* rows;
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

/** Reads on from a position, which moves along, some rows at a time. An end that a restart from a step has taken back is passed over. */
async function* stored(core: Core, position: Position): AsyncGenerator<readonly (readonly InstanceEvent[])[]> {
  let end: InstanceEvent | undefined;
  for (;;) {
    const rows = await core.store.load(position.pk, position.seq, READ_BYTES);
    if (rows.length === 0) {
      if (end !== undefined) yield [[end]];
      return;
    }
    yield rows.map((row) => {
      position.seq = row.seq;
      const events = readRow(row);
      const last = events.at(-1);
      end = last !== undefined && isLast(last) ? last : undefined;
      return events.some(isLast) ? events.filter((event) => !isLast(event)) : events;
    });
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
