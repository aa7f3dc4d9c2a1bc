/** What is called like a text: workflows and scripts that have it in their names, and instances whose ids begin with it. */
import { z } from "zod";
import { LIMITS } from "../../model/limits.ts";
import { endpoint, type Api, type Endpoint } from "../endpoint/endpoint.ts";
import { status } from "../cloudflare/workflows/schemas.ts";

const found = z.object({
  workflows: z.array(z.string()),
  scripts: z.array(z.string()),
  instances: z.array(z.object({ workflow: z.string(), id: z.string(), status })),
});

async function instancesLike({ catalog, store }: Api, text: string): Promise<z.output<typeof found>["instances"]> {
  const { items } = await catalog.workflows({ offset: 0, limit: LIMITS.searchWorkflows });
  const instances: z.output<typeof found>["instances"] = [];
  for (const { name: workflow } of items) {
    const left = LIMITS.searchFound - instances.length;
    if (left === 0) break;
    const begin = await store.beginningWith(workflow, text, left);
    instances.push(...begin.map(({ id, status }) => ({ workflow, id, status })));
  }
  return instances;
}

/** A search for names. */
export const search: readonly Endpoint[] = [
  endpoint("get", "/search", {
    summary: "Find workflows and scripts by a part of their names, and instances by an id prefix",
    query: z.object({ q: z.string().trim().min(1).max(LIMITS.instanceAddress) }),
    result: found,
    handle: async ({ query: { q } }, api) => {
      const [workflows, scripts, instances] = await Promise.all([
        api.catalog.workflows({ search: q, offset: 0, limit: LIMITS.searchFound }),
        api.catalog.scriptNames(),
        instancesLike(api, q),
      ]);
      return {
        result: {
          workflows: workflows.items.map(({ name }) => name),
          scripts: scripts.filter((name) => name.includes(q.toLowerCase())).slice(0, LIMITS.searchFound),
          instances,
        },
      };
    },
  }),
];
