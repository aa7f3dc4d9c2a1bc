/** Notices: the events of an instance that are sent to subscribers of its workflow, under Cloudflare's names. */
import type { EventBody } from "../instance/events.ts";

/** The events that can be subscribed to, without the prefix `cf.workflows.workflow.`. */
export const NOTICE_EVENTS = [
  "instance.queued",
  "instance.started",
  "instance.paused",
  "instance.errored",
  "instance.terminated",
  "instance.completed",
] as const;

export type NoticeEvent = (typeof NOTICE_EVENTS)[number];

/** An event that can be subscribed to, of one instance. */
export interface Notice {
  readonly workflow: string;
  readonly instance: string;
  readonly versionId: string;
  readonly event: NoticeEvent;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** The notice of an event; undefined when subscribers are not notified of it. */
function noticeEvent({ type }: EventBody): NoticeEvent | undefined {
  switch (type) {
    case "workflow_queued":
      return "instance.queued";
    case "workflow_started":
    case "workflow_resumed":
      return "instance.started";
    case "workflow_paused":
      return "instance.paused";
    case "workflow_errored":
      return "instance.errored";
    case "workflow_terminated":
      return "instance.terminated";
    case "workflow_completed":
      return "instance.completed";
    default:
      return undefined;
  }
}

/** The notices of the entries of a row: times, each followed by the events that were recorded then. */
export function noticesOf(
  of: Pick<Notice, "workflow" | "instance" | "versionId">,
  entries: readonly (number | EventBody)[],
): Notice[] {
  const found: Notice[] = [];
  let at = 0;
  for (const entry of entries) {
    if (typeof entry === "number") at = entry;
    else {
      const event = noticeEvent(entry);
      if (event !== undefined) found.push({ ...of, event, at });
    }
  }
  return found;
}
