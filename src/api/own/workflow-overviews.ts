/** Workflows at a glance: what their instances are at, what happened to them in the last day, and when the next one comes. */
import { z } from "zod";
import { boundaryAfter } from "../../model/time/cron.ts";
import { LIMITS } from "../../model/limits.ts";
import { INSTANCE_STATUSES } from "../../model/instance/status.ts";
import { iso } from "../../model/time/calendar.ts";
import type { Workflow } from "../../ports/catalog/workflows.ts";
import type { HourlyCount } from "../../ports/instances/statistics.ts";
import { endpoint, type Api, type Endpoint } from "../endpoint/endpoint.ts";
import { pageInfo, timestamp, pages } from "../cloudflare/workflows/schemas.ts";

const HOUR_MS = 3_600_000;

/** Hours of the throughput, the present one among them. */
const HOURS = 24;

const hour = z.object({
  hour: timestamp,
  created: z.int(),
  complete: z.int(),
  errored: z.int(),
  terminated: z.int(),
});

const overview = z.object({
  id: z.string(),
  name: z.string(),
  class_name: z.string(),
  script_name: z.string(),
  script_deleted: z.boolean(),
  version_id: z.string(),
  created_on: timestamp,
  modified_on: timestamp,
  instances: z.record(z.enum(INSTANCE_STATUSES), z.int()),
  /** Hour by hour, the present one last. */
  throughput: z.array(hour).length(HOURS),
  /** When a schedule creates the next instance; null when none does. */
  next_schedule: z.object({ cron: z.string(), at: timestamp }).nullable(),
});

const query = z.object({
  ...pages(LIMITS.page),
  search: z.string().min(1).max(LIMITS.workflowName).optional(),
});

export const workflowOverviews: readonly Endpoint[] = [
  endpoint("get", "/workflows", {
    summary: "List workflows, newest first, with instance counts by status and their activity of the last 24 hours",
    query,
    result: z.array(overview),
    handle: async ({ query: asked }, api) => {
      const { search, page: number, per_page: limit } = asked;
      const slice = await api.catalog.workflows({ offset: (number - 1) * limit, limit, ...(search !== undefined && { search }) });
      const first = Math.floor(api.clock.now() / HOUR_MS) * HOUR_MS - (HOURS - 1) * HOUR_MS;
      const counts = Map.groupBy(await api.store.hourly(first), ({ workflow }) => workflow);
      const result = await Promise.all(slice.items.map((each) => show(api, each, first, counts.get(each.name) ?? [])));
      return { result, info: pageInfo(asked, result.length, slice.total) };
    },
  }),
];

async function show(
  { store, catalog, clock }: Api,
  workflow: Workflow,
  first: number,
  hours: readonly HourlyCount[],
): Promise<object> {
  const { id, name, className, script, versionId, createdAt, modifiedAt } = workflow;
  const counts = await store.statusCounts(name);
  const isDeleted = (await catalog.activeScript(script)) === undefined;
  const version = isDeleted ? undefined : await catalog.workflowVersion(versionId);
  return {
    id,
    name,
    class_name: className,
    script_name: script,
    script_deleted: isDeleted,
    version_id: versionId,
    created_on: iso(createdAt),
    modified_on: iso(modifiedAt),
    instances: Object.fromEntries(INSTANCE_STATUSES.map((each) => [each, counts[each] ?? 0])),
    throughput: Array.from({ length: HOURS }, (_, i) => bucket(first + i * HOUR_MS, hours)),
    next_schedule: nextSchedule(version?.settings.schedules ?? [], clock.now()),
  };
}

function bucket(at: number, hours: readonly HourlyCount[]): z.input<typeof hour> {
  const { created = 0, complete = 0, errored = 0, terminated = 0 } = hours.find((each) => each.hour === at) ?? {};
  return { hour: iso(at), created, complete, errored, terminated };
}

/** The schedule whose boundary comes first. */
function nextSchedule(schedules: readonly { readonly cron: string }[], now: number): { cron: string; at: string } | null {
  const next = schedules
    .map(({ cron }) => ({ cron, at: boundaryAfter(cron, now) ?? Infinity }))
    .reduce((a, b) => (b.at < a.at ? b : a), { cron: "", at: Infinity });
  return next.at === Infinity ? null : { cron: next.cron, at: iso(next.at) };
}
