/** Everything that comes round by a cron expression, of all workflows and scripts: when it did, and when it will. */
import { z } from "zod";
import { boundaryAfter, boundaryUpTo, cronInstanceId } from "../../model/time/cron.ts";
import { cronWords } from "../../model/time/cron-words.ts";
import { iso } from "../../model/time/calendar.ts";
import { LIMITS } from "../../model/limits.ts";
import type { TimetableEntry } from "../../ports/timetable.ts";
import { endpoint, type Api, type Endpoint } from "../endpoint/endpoint.ts";
import { status, timestamp, pageReply, pages } from "../cloudflare/workflows/schemas.ts";

/** So many of the boundaries to come are shown. */
const NEXT = 5;

const shown = z.object({
  cron: z.string(),
  /** Null where words would not be clearer. */
  words: z.string().nullable(),
  /** One of the two: a schedule creates instances of a workflow, a cron trigger calls a script. */
  workflow: z.string().nullable(),
  script: z.string().nullable(),
  next: z.array(timestamp).max(NEXT),
  /** The boundary that was dealt with last, and what it created, if that is still there. */
  last: z.object({ boundary: timestamp, instance: z.object({ id: z.string(), status }).nullable() }).nullable(),
});

/** Scripts come before workflows. */
async function entries({ catalog }: Api): Promise<TimetableEntry[]> {
  const all = await catalog.timetable();
  return all.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function nameOf({ kind, owner, cron }: TimetableEntry): string {
  return kind === "workflow" ? `${owner}  ${cron}` : ` ${owner} ${cron}`;
}

async function show({ store, clock }: Api, entry: TimetableEntry): Promise<z.input<typeof shown>> {
  const { kind, owner, cron, lastFiredAt, createdAt } = entry;
  const next: number[] = [];
  for (let at = boundaryAfter(cron, clock.now()); at !== undefined && next.length < NEXT; at = boundaryAfter(cron, at))
    next.push(at);
  // What has not come round yet is followed from the moment that it was deployed, which may happen to be a boundary.
  const boundary = lastFiredAt > createdAt && boundaryUpTo(cron, lastFiredAt) === lastFiredAt ? lastFiredAt : undefined;
  const made =
    boundary !== undefined && kind === "workflow"
      ? await store.find(owner, cronInstanceId({ cron, scheduledTime: boundary }))
      : undefined;
  return {
    cron,
    words: cronWords(cron) ?? null,
    workflow: kind === "workflow" ? owner : null,
    script: kind === "script" ? owner : null,
    next: next.map(iso),
    last:
      boundary === undefined
        ? null
        : { boundary: iso(boundary), instance: made === undefined ? null : { id: made.id, status: made.status } },
  };
}

/** Schedules of workflows and cron triggers of scripts. */
export const schedules: readonly Endpoint[] = [
  endpoint("get", "/schedules", {
    summary: "List the schedules of workflows and the cron triggers of scripts, with their next boundaries",
    query: z.object(pages(LIMITS.page)),
    result: z.array(shown),
    handle: async ({ query }, api) => pageReply(await entries(api), query, (each) => show(api, each)),
  }),
];
