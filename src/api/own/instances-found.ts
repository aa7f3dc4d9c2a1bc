/** The instances of a workflow by any filters, with the errors that they ended with. */
import { z } from "zod";
import { countMatching, findMatching } from "../../engine/reading/matching.ts";
import type { FoundInstance } from "../../ports/instances/search.ts";
import { readCursor, writeCursor } from "../cloudflare/workflows/cursor.ts";
import { endpoint, type Endpoint } from "../endpoint/endpoint.ts";
import { FILTER, toFilter } from "../cloudflare/workflows/filter.ts";
import { perPage } from "../cloudflare/workflows/schemas.ts";
import { listed, showListed } from "../cloudflare/workflows/instances.ts";
import { workflowOf } from "../cloudflare/workflows/workflows.ts";

/** Parts that one request searches and counts in: each looks at some ten thousand instances at the most. */
const SEARCH_PARTS = 6;
const COUNT_PARTS = 2;

const query = z.object({
  ...FILTER,
  per_page: perPage(50),
  cursor: z.string().min(1).optional(),
  direction: z.enum(["asc", "desc"]).default("desc"),
});

/** An error of an instance, in short. */
const errorSummary = z.object({ name: z.string(), message: z.string(), step: z.string().nullable(), group: z.string() });

const found = listed.extend({ error: errorSummary.nullable() });

export const instancesFound: readonly Endpoint[] = [
  endpoint("get", "/workflows/{workflow_name}/instances", {
    summary:
      "Find instances, newest first. A page may be short or empty and still have a cursor, because each request scans a bounded number of rows",
    query,
    result: z.array(found),
    handle: async ({ params, query: asked }, api) => {
      const { id, name } = await workflowOf(api, params.workflow_name);
      const filter = toFilter(name, asked);
      const { direction, per_page: limit, cursor } = asked;
      const page = { direction, limit, ...(cursor !== undefined && { after: readCursor(cursor) }) };
      const { items, next } = await findMatching(api, filter, page, SEARCH_PARTS);
      const total = await countMatching(api, filter, COUNT_PARTS);
      const info = {
        count: items.length,
        per_page: limit,
        total_count: total.count,
        total_at_least: !total.isExact,
        ...(next !== undefined && { cursor: writeCursor(next) }),
      };
      return { result: items.map((each) => show(each, id)), info };
    },
  }),
];

function show(instance: FoundInstance, workflowId: string): object {
  const { error } = instance;
  return {
    ...showListed(instance, workflowId),
    error: error && { name: error.name, message: error.message, step: error.step, group: error.fingerprint },
  };
}
