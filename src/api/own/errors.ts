/** What instances have failed with, in groups: errors with the same name, shape of message, step and function are one. */
import { z } from "zod";
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import { isWorkflowName } from "../../model/platform/names.ts";
import { iso } from "../../model/time/calendar.ts";
import type { ErrorGroup } from "../../ports/instances/statistics.ts";
import { endpoint, type Endpoint } from "../endpoint/endpoint.ts";
import { timestamp, pages } from "../cloudflare/workflows/schemas.ts";

const group = z.object({
  fingerprint: z.string(),
  workflow: z.string(),
  name: z.string(),
  /** Of the newest. */
  message: z.string(),
  step: z.string().nullable(),
  /** The function that threw; null when it has no name. */
  frame: z.string().nullable(),
  /** That are errored with it now. */
  instances: z.int(),
  first_seen: timestamp,
  last_seen: timestamp,
  /** The version that the first one ran. */
  first_version_id: z.string(),
});

const query = z.object({
  workflow: z.string().refine(isWorkflowName, "Invalid workflow name").optional(),
  ...pages(50),
});

export const errors: readonly Endpoint[] = [
  endpoint("get", "/errors", {
    summary: "List the error groups of failed instances, last seen first",
    query,
    result: z.array(group),
    handle: async ({ query: { workflow, page: number, per_page: limit } }, api) => {
      const offset = (number - 1) * limit;
      const found = await api.store.errorGroups({ offset, limit: limit + 1, ...(workflow !== undefined && { workflow }) });
      const items = found.slice(0, limit);
      const total = offset + found.length;
      const info = {
        count: items.length,
        page: number,
        per_page: limit,
        total_count: total,
        total_at_least: found.length > limit,
      };
      return { result: items.map(show), info };
    },
  }),
  endpoint("get", "/errors/{fingerprint}", {
    summary: "Read the groups of an error, one per workflow",
    result: z.array(group),
    handle: async ({ params: { fingerprint } }, api) => {
      const found = await api.store.errorGroups({ fingerprint, offset: 0, limit: LIMITS.page });
      if (found.length === 0) throw new Failure("error_group.not_found", { field: "fingerprint" });
      return { result: found.map(show) };
    },
  }),
];

function show({ firstSeen, lastSeen, firstVersionId, ...rest }: ErrorGroup): z.input<typeof group> {
  return { ...rest, first_seen: iso(firstSeen), last_seen: iso(lastSeen), first_version_id: firstVersionId };
}
