/** The data points that Workers have written to datasets of Analytics Engine. */
import { z } from "zod";
import { LIMITS } from "../../../model/limits.ts";
import { iso } from "../../../model/time/calendar.ts";
import { endpoint, type Endpoint } from "../../endpoint/endpoint.ts";

const text = z.string().nullable();

const shown = z.object({
  timestamp: z.iso.datetime(),
  indexes: z.array(text),
  blobs: z.array(text),
  /** Null for what is no number of JSON, like `NaN`. */
  doubles: z.array(z.number().nullable()),
});

export const analytics: readonly Endpoint[] = [
  endpoint("get", "/analytics/{dataset}", {
    summary: "List the newest data points of a dataset, the newest first",
    query: z.object({ limit: z.coerce.number().int().min(1).max(LIMITS.dataPointsShown).default(100) }),
    result: z.array(shown),
    handle: async ({ params, query }, { points }) => {
      const newest = await points.newest(params.dataset, query.limit);
      return { result: newest.map(({ at, indexes, blobs, doubles }) => ({ timestamp: iso(at), indexes, blobs, doubles })) };
    },
  }),
];
