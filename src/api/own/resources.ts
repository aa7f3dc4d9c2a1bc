/** KV namespaces, D1 databases, R2 buckets and queues under ids that a project brings from Cloudflare. */
import { z } from "zod";
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import { isQueueName } from "../../model/platform/queue.ts";
import { change, type Decided } from "../../workers/deploy/change.ts";
import { isAdoptable } from "../../workers/versions/resources.ts";
import type { CatalogEdit } from "../../ports/catalog/edits.ts";
import { endpoint, type Api, type Endpoint } from "../endpoint/endpoint.ts";

const id = z.string().refine(isAdoptable, "An id must be 1 to 63 letters, digits, _ and -, starting with a letter or a digit");

const wanted = z.discriminatedUnion("type", [
  z.object({ type: z.literal("kv"), id, name: z.string().min(1).max(512).optional() }),
  z.object({ type: z.literal("d1"), id, name: z.string().min(1).max(255).optional() }),
  z.object({ type: z.literal("r2"), name: id }),
  z.object({ type: z.literal("queue"), name: z.string().refine(isQueueName, "A queue's name is 1 to 63 letters, digits and -") }),
]);

type Wanted = z.output<typeof wanted>;

const shown = z.object({
  type: z.enum(["kv", "d1", "r2", "queue"]),
  id: z.string(),
  name: z.string(),
  /** False when it was there already. */
  created: z.boolean(),
});

const TAKEN = { kv: "kv.already_exists", d1: "d1.already_exists", r2: "r2.already_exists" } as const;

/** What there will be, and what is to be made for it. */
type Planned = z.input<typeof shown> & { readonly createdAt: number };

/** Decided for all of them before any is made: of a list that is refused nothing is left. Fails when a name is taken. */
async function plan(api: Api, list: readonly Wanted[]): Promise<Decided<readonly Planned[]>> {
  const planned: Planned[] = [];
  for (const [i, each] of list.entries()) planned.push(await planOne(api, each, i, planned));
  const queues = api.queues.list().length + planned.filter(({ created, type }) => created && type === "queue").length;
  if (queues > LIMITS.queues) throw new Failure("queue.too_many");
  const edits = planned.flatMap(({ created, type, id, name, createdAt }): CatalogEdit[] =>
    created && type !== "queue" ? [{ type: "resource", resource: { type, id, name, createdAt } }] : [],
  );
  return { edits, result: planned };
}

async function planOne(api: Api, each: Wanted, i: number, earlier: readonly Planned[]): Promise<Planned> {
  const createdAt = api.clock.now();
  const { type } = each;
  if (type === "queue") {
    const isThere = [...api.queues.list(), ...earlier.filter((one) => one.type === "queue")].some(
      ({ name }) => name === each.name,
    );
    return { type, id: "", name: each.name, created: !isThere, createdAt };
  }
  const id = type === "r2" ? each.name : each.id;
  const present = (await api.catalog.resource(type, id)) ?? earlier.find((one) => one.type === type && one.id === id);
  if (present !== undefined) return { type, id, name: present.name, created: false, createdAt };
  const name = each.name ?? id;
  const other = (await api.catalog.resourceNamed(type, name)) ?? earlier.find((one) => one.type === type && one.name === name);
  if (other !== undefined) throw new Failure(TAKEN[type], { field: `[${i}].name` });
  return { type, id, name, created: true, createdAt };
}

/** Resources of Workers. */
export const resources: readonly Endpoint[] = [
  endpoint("put", "/resources", {
    needs: "admin",
    summary: "Create missing KV namespaces, D1 databases, R2 buckets and queues under given ids and names",
    body: z.array(wanted).min(1).max(100),
    result: z.array(shown),
    handle: async ({ body }, api) => {
      const planned = await change(api.catalog, () => plan(api, body));
      const result: z.input<typeof shown>[] = [];
      // Queues are in a database of their own, and one that is there already is as good.
      for (const { createdAt: _, ...each } of planned)
        result.push(each.type === "queue" ? { ...each, id: (await api.queues.ensure(each.name)).id } : each);
      return { result };
    },
  }),
];
