/** Why an instance is waiting, from its timeline and the waits that the server reports. Pure. */
import { keyOf, type Entry, type EntryType, type Timeline } from "./timeline.ts";

/** What an instance waits for, as the server reports it. */
export interface Waits {
  readonly status: string;
  readonly steps: readonly { readonly type: EntryType; readonly name: string; readonly due: number }[];
  readonly place: { readonly of: "workflow" | "server"; readonly limit: number; readonly taken: number } | null;
  readonly paused_for: string | null;
}

/** What an instance waits for. Moments are epoch milliseconds; undefined while they are not known yet. */
export type Reason =
  | { readonly kind: "event"; readonly entry: Entry; readonly type: string; readonly due: number | undefined }
  | { readonly kind: "sleep"; readonly entry: Entry; readonly due: number | undefined }
  | { readonly kind: "retry"; readonly entry: Entry; readonly due: number | undefined }
  | { readonly kind: "place"; readonly place: NonNullable<Waits["place"]>; readonly isDue: boolean }
  | { readonly kind: "queued" }
  | { readonly kind: "paused"; readonly why: string | undefined }
  | { readonly kind: "pausing" }
  /** It was ended because it could not be run, not by its own code. */
  | { readonly kind: "unrunnable"; readonly isVersionGone: boolean };

/** The error by which the engine ends an instance that it cannot run. */
const UNRUNNABLE = "WorkflowInternalError";

/** The reasons why it stands still; none while it is at work, or has ended by itself. */
export function reasonsOf(timeline: Timeline, waits: Waits | undefined, hasVersion: boolean | undefined): Reason[] {
  const { status, error } = timeline;
  switch (status) {
    case "paused":
      return [{ kind: "paused", why: waits?.paused_for ?? undefined }];
    case "waitingForPause":
      return [{ kind: "pausing" }];
    case "queued":
      return waits?.place ? [{ kind: "place", place: waits.place, isDue: false }] : [{ kind: "queued" }];
    case "waiting":
    case "running": {
      const steps = openReasons(timeline, waits);
      return waits?.place ? [{ kind: "place", place: waits.place, isDue: true }, ...steps] : steps;
    }
    case "errored":
      return error?.name === UNRUNNABLE ? [{ kind: "unrunnable", isVersionGone: hasVersion === false }] : [];
    default:
      return [];
  }
}

function openReasons({ steps }: Timeline, waits: Waits | undefined): Reason[] {
  const dues = new Map(waits?.steps.map((step) => [keyOf(step), step.due]));
  const reasons: Reason[] = [];
  for (const entry of steps) {
    if (entry.state !== "running") continue;
    const due = dues.get(keyOf(entry)) ?? entry.end ?? undefined;
    if (entry.type === "waitForEvent") reasons.push({ kind: "event", entry, type: entry.event_type ?? "", due });
    else if (entry.type === "sleep") reasons.push({ kind: "sleep", entry, due });
    else if (entry.type === "step" && entry.attempts.at(-1)?.error !== undefined) reasons.push({ kind: "retry", entry, due });
  }
  return reasons;
}

/** A text that changes when what an instance waits for does: then the server is asked again. Undefined when it need not be. */
export function standing({ status, steps }: Timeline): string | undefined {
  if (status === "queued" || status === "paused") return status;
  if (status !== "waiting" && status !== "running") return undefined;
  const open = openReasons({ steps } as Timeline, undefined);
  if (status === "running" && open.length === 0) return undefined;
  return `${status} ${open.map((each) => ("entry" in each ? `${keyOf(each.entry)} ${each.entry.attempts.length}` : "")).join(" ")}`;
}
