/** Reading: what has happened to an instance, and what happens to it from now on. Only durable events are shown. */
import type { InstanceEvent } from "../model/events.ts";
import type { Core } from "./core.ts";
import type { InstanceAddress } from "./engine.ts";
import { readRow } from "./row.ts";

/** Bytes of journal that are read at once. */
const READ_BYTES = 256 * 1024;

/** Who waits for news of an instance. They are told that there are some, and read them from the store. */
export class Watchers {
  readonly #byKey: Map<number, Set<() => void>> = new Map();

  /** Calls `notice` on every news of the instance until the returned function is called. */
  watch(pk: number, notice: () => void): () => void {
    const watching = this.#byKey.get(pk) ?? new Set();
    this.#byKey.set(pk, watching.add(notice));
    return () => {
      watching.delete(notice);
      if (watching.size === 0 && this.#byKey.get(pk) === watching) this.#byKey.delete(pk);
    };
  }

  /** There are news. */
  notify(pk: number): void {
    const watching = this.#byKey.get(pk);
    if (watching !== undefined) for (const notice of watching) notice();
  }
}

/** See `Engine.history`. */
export async function* history(core: Core, address: InstanceAddress, after = 0): AsyncGenerator<InstanceEvent> {
  const { pk } = await core.instances.find(address);
  yield* read(core, pk, { seq: 0, eventId: after });
}

/** See `Engine.follow`. */
export async function* follow(
  core: Core,
  watchers: Watchers,
  address: InstanceAddress,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<InstanceEvent> {
  const { pk } = await core.instances.find(address);
  const position = { seq: 0, eventId: after };
  let news = true;
  let wake: (() => void) | undefined;
  const notice = (): void => {
    news = true;
    wake?.();
  };
  const unwatch = watchers.watch(pk, notice);
  signal.addEventListener("abort", notice);
  try {
    while (!signal.aborted) {
      news = false;
      let ended = false;
      for await (const event of read(core, pk, position)) {
        ended = isLast(event);
        yield event;
      }
      if (ended || (await isOver(core, address, pk, position.eventId))) return;
      if (!news) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    unwatch();
    signal.removeEventListener("abort", notice);
  }
}

/** Reads on from a position, which moves along. An end that a restart from a step has taken back is passed over. */
async function* read(core: Core, pk: number, position: { seq: number; eventId: number }): AsyncGenerator<InstanceEvent> {
  let end: InstanceEvent | undefined;
  for (;;) {
    const rows = await core.store.load(pk, position.seq, READ_BYTES);
    if (rows.length === 0) {
      if (end !== undefined) yield end;
      return;
    }
    for (const row of rows) {
      for (const event of readRow(row)) {
        if (event.eventId <= position.eventId) continue;
        position.eventId = event.eventId;
        end = isLast(event) ? event : undefined;
        if (end === undefined) yield event;
      }
      position.seq = row.seq;
    }
  }
}

function isLast(event: InstanceEvent): boolean {
  return event.type === "workflow_completed" || event.type === "workflow_errored" || event.type === "workflow_terminated";
}

/** An instance that ended before the cursor, or is deleted, has nothing more to tell. */
async function isOver(core: Core, address: InstanceAddress, pk: number, seen: number): Promise<boolean> {
  const summary = await core.store.find(address.workflow, address.id);
  if (summary === undefined || summary.pk !== pk) return true;
  return summary.endedAt !== null && seen > 0 && core.instances.get(pk) === undefined;
}
