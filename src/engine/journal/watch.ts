/**
 * The watchers of single instances and of whole workflows. Commits pass by here; nothing is made of a commit without a
 * watcher.
 */
import type { Failure } from "../../model/failures/failure.ts";
import type { InstanceEvent } from "../../model/instance/events.ts";
import type { InstanceState } from "../../model/instance/state.ts";
import { stepId } from "../../model/step/step.ts";
import { publicEvent, type Known, type PublicEvent } from "../../model/views/public-event.ts";
import type { Clock } from "../../ports/clock.ts";
import type { NewInstance } from "../../ports/instances/commit.ts";
import { Feeds, type FeedReader } from "./feed.ts";
import type { Live, OpenRow } from "../state/live.ts";
import { readEntries, readRow } from "./row.ts";

/** A journal row that has just become durable. */
export interface FreshRow {
  readonly seq: number;
  readonly events: readonly InstanceEvent[];
}

/** Whether a reader wants events of a type. */
type IsWanted = (type: string) => boolean;

/** Bytes of memory that an event takes beside its values, about. */
const EVENT_BYTES = 200;

export class Watchers {
  /** By primary key. A feed ends when its instance is deleted, or given up after a failed commit. */
  readonly instances: Feeds<number, FreshRow>;
  /** By name; a feed has the events that at least one of its readers wants. */
  readonly #workflows: Feeds<string, PublicEvent>;
  /** The types that the readers of a workflow want: most want to know how instances begin and end, and not of every step. */
  readonly #wanted: Map<string, Set<IsWanted>> = new Map();

  constructor(clock: Clock) {
    this.instances = new Feeds(clock);
    this.#workflows = new Feeds(clock);
  }

  /** Reads the events of all instances of a workflow from now on: those of some types, and any that others want as well. */
  workflow(name: string, types: readonly string[] | undefined, signal: AbortSignal): FeedReader<PublicEvent> {
    const wanted = this.#wanted.get(name) ?? new Set();
    const isWanted: IsWanted = (type) => types?.includes(type) ?? true;
    this.#wanted.set(name, wanted.add(isWanted));
    const reader = this.#workflows.open(name, signal);
    return {
      next: () => reader.next(),
      close: () => {
        wanted.delete(isWanted);
        if (wanted.size === 0 && this.#wanted.get(name) === wanted) this.#wanted.delete(name);
        reader.close();
      },
    };
  }

  /** An instance has been made. */
  created({ summary: { workflow, id }, row }: NewInstance): void {
    if (!this.#wanted.has(workflow)) return;
    const events = readRow(row);
    const [first] = events;
    const params = first?.type === "workflow_queued" ? first.params : undefined;
    this.#show(workflow, id, events, { params, ...NO_STEPS });
  }

  /** A row of an instance is durable. */
  flushed(live: Live, row: OpenRow): void {
    const { pk, workflow, id, state } = live;
    const isWatched = this.instances.watched(pk);
    const isNews = this.#isNews(workflow, row);
    if (!isWatched && !isNews) return;
    const events = readEntries(row.firstEventId, row.entries);
    if (isWatched) {
      const weighs = events.reduce((sum, event) => sum + weight(event), 0);
      this.instances.push(pk, { seq: row.seq, events }, weighs);
    }
    if (!isNews) return;
    this.#show(workflow, id, events, knownOf(state));
  }

  /** Readers fail with `reason`. */
  close(reason: Failure): void {
    this.instances.close(reason);
    this.#workflows.close(reason);
  }

  #show(workflow: string, id: string, events: readonly InstanceEvent[], known: Known): void {
    for (const event of events) {
      const shown = this.#isWanted(workflow, event.type) ? publicEvent(id, event, known) : undefined;
      if (shown !== undefined) this.#workflows.push(workflow, shown, weight(event));
    }
  }

  #isNews(workflow: string, { entries }: OpenRow): boolean {
    if (!this.#wanted.has(workflow)) return false;
    return entries.some((entry) => typeof entry === "object" && this.#isWanted(workflow, entry.type));
  }

  #isWanted(workflow: string, type: string): boolean {
    for (const isWanted of this.#wanted.get(workflow) ?? []) if (isWanted(type)) return true;
    return false;
  }
}

/** Of an instance that has just been made. */
const NO_STEPS: Omit<Known, "params"> = { isSensitive: () => false, streamOf: () => undefined };

/** What is known of an instance in memory. Its streams are shown as previews. */
function knownOf({ params, byId }: InstanceState): Known {
  return {
    params,
    isSensitive: (name, count) => {
      const step = byId.get(stepId("do", name, count));
      // A step that is not known any more is one of a life before a restart: better to say too little of it.
      return step?.kind !== "do" || step.config.sensitive !== undefined;
    },
    streamOf: () => undefined,
  };
}

function weight(event: InstanceEvent): number {
  switch (event.type) {
    case "workflow_queued":
      return EVENT_BYTES + event.params.length;
    case "step_completed":
    case "workflow_completed": {
      const { output = "" } = event;
      return EVENT_BYTES + (typeof output === "object" ? output.preview : output).length;
    }
    case "wait_completed":
    case "event_received":
      return EVENT_BYTES + event.payload.length;
    default:
      return EVENT_BYTES;
  }
}
