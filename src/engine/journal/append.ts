/** Turns a row to be written into an append for the store: its text, its changes to lists, and the notices for subscribers. */
import { errorSummary } from "../../model/views/error-summary.ts";
import { nextWake } from "../../model/instance/due.ts";
import { noticesOf, type Notice } from "../../model/views/notices.ts";
import type { NoticeTaker } from "../../ports/notices.ts";
import type { Append, NewInstance } from "../../ports/instances/commit.ts";
import type { Live, OpenRow } from "../state/live.ts";
import type { Policies } from "../state/policies.ts";
import { rowText } from "./row.ts";

/** The other inputs of an append. */
interface AppendParts {
  readonly policies: Policies;
  readonly notices: NoticeTaker;
}

/** True when it leaves notices behind. */
export function isNoted({ notices }: Append | NewInstance): boolean {
  return notices !== undefined;
}

/** The notices of a row; undefined when its workflow has no subscribers. */
export function rowNotices({ live, entries, notices = [] }: OpenRow, taker: NoticeTaker): Notice[] | undefined {
  if (!taker.isWatched(live.workflow)) return undefined;
  const { versionId } = live.state;
  return [...notices, ...noticesOf({ workflow: live.workflow, instance: live.id, versionId }, entries)];
}

/** Durations may be fractions; the store has whole milliseconds, of which the next one is never too early. */
export function nextWakeStored(live: Live): number | null {
  const at = live.state.status === "waiting" ? nextWake(live.state) : null;
  return at === null ? null : Math.ceil(at);
}

/** A row as the store takes it. */
export function toAppend(row: OpenRow, { policies, notices: taker }: AppendParts): Append {
  const { live, seq, firstEventId, from, voids } = row;
  const journalRow = { seq, firstEventId, events: rowText(row.entries) };
  const voided = voids === undefined ? undefined : { voids };
  if (!row.changed) return { pk: live.pk, row: journalRow, ...voided };
  const { status, versionId, startedAt, endedAt } = live.state;
  const modifiedAt = row.timestamp;
  const to = {
    status,
    versionId,
    modifiedAt,
    startedAt,
    endedAt,
    wakeAt: nextWakeStored(live),
    expiresAt: policies.keptUntil(live),
  };
  const error = errorSummary(live.state, row.entries);
  const change = error === undefined ? { from, to } : { from, to, error };
  const notices = rowNotices(row, taker);
  const noted = notices !== undefined && notices.length > 0 ? { notices } : undefined;
  return { pk: live.pk, row: journalRow, change, ...noted, ...(row.restart && { restart: true as const }), ...voided };
}
