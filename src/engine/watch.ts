/**
 * Who watches what: instances one by one, and workflows as a whole. Commits pass by here; of those that nobody watches
 * nothing is made.
 */
import type { InstanceEvent } from "../model/events.ts";
import { PublicView, type PublicEvent } from "../model/public-event.ts";
import { stepId } from "../model/step.ts";
import type { Clock } from "../ports/clock.ts";
import type { NewInstance } from "../ports/store.ts";
import { Feeds } from "./feed.ts";
import type { Live, OpenRow } from "./live.ts";
import { readEntries, readRow } from "./row.ts";

/** A journal row that has just become durable. */
export interface FreshRow {
  readonly seq: number;
  readonly events: readonly InstanceEvent[];
}

/** Bytes of memory that an event takes beside its values, about. */
const EVENT_BYTES = 200;

export class Watchers {
  /** By primary key. A feed ends when its instance is deleted, or given up after a failed commit. */
  readonly instances: Feeds<number, FreshRow>;
  /** By name. */
  readonly workflows: Feeds<string, PublicEvent>;

  constructor(clock: Clock) {
    this.instances = new Feeds(clock);
    this.workflows = new Feeds(clock);
  }

  /** An instance has been made. */
  created({ summary: { workflow, id }, row }: NewInstance): void {
    if (this.workflows.watched(workflow)) this.#show(workflow, new PublicView(id), readRow(row));
  }

  /** A row of an instance is durable. */
  flushed(live: Live, row: OpenRow): void {
    const { pk, workflow, id, state } = live;
    const isWatched = this.instances.watched(pk);
    if (!isWatched && !this.workflows.watched(workflow)) return;
    const events = readEntries(row.firstEventId, row.entries);
    if (isWatched)
      this.instances.push(
        pk,
        { seq: row.seq, events },
        events.reduce((sum, event) => sum + weight(event), 0),
      );
    if (!this.workflows.watched(workflow)) return;
    const isSensitive = (name: string, count: number): boolean => {
      const step = state.byId.get(stepId("do", name, count));
      // A step that is not known any more is one of a life before a restart: better to say too little of it.
      return step?.kind !== "do" || step.config.sensitive !== undefined;
    };
    this.#show(workflow, new PublicView(id, { known: { params: state.params, isSensitive } }), events);
  }

  close(): void {
    this.instances.close();
    this.workflows.close();
  }

  #show(workflow: string, view: PublicView, events: readonly InstanceEvent[]): void {
    for (const event of events) {
      const shown = view.show(event);
      if (shown !== undefined) this.workflows.push(workflow, shown, weight(event));
    }
  }
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
