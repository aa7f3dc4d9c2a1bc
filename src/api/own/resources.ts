/** KV namespaces, D1 databases, R2 buckets and queues under ids that a project brings from Cloudflare. */
import { z } from "zod";
import { Failure } from "../../model/failures/failure.ts";
import { isQueueName } from "../../model/platform/queue.ts";
import { isAdoptable } from "../../workers/versions/resources.ts";
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

async function provide(api: Api, each: Wanted, i: number): Promise<z.input<typeof shown>> {
  if (each.type === "queue") return provideQueue(api, each.name);
  const { type } = each;
  const key = each.type === "r2" ? each.name : each.id;
  const present = await api.catalog.resource(type, key);
  if (present !== undefined) return { type, id: key, name: present.name, created: false };
  const made = { type, id: key, name: each.name ?? key, createdAt: api.clock.now() };
  if (!(await api.catalog.addResource(made))) throw new Failure(TAKEN[type], { field: `[${i}].name` });
  return { type, id: key, name: made.name, created: true };
}

async function provideQueue({ queues }: Api, name: string): Promise<z.input<typeof shown>> {
  const present = queues.list().find((queue) => queue.name === name);
  const queue = present ?? (await queues.create(name));
  return { type: "queue", id: queue.id, name, created: present === undefined };
}

/** Resources of Workers. */
export const resources: readonly Endpoint[] = [
  endpoint("put", "/resources", {
    needs: "admin",
    summary: "Create missing KV namespaces, D1 databases, R2 buckets and queues under given ids and names",
    body: z.array(wanted).min(1).max(100),
    result: z.array(shown),
    handle: async ({ body }, api) => {
      const result: z.input<typeof shown>[] = [];
      for (const [i, each] of body.entries()) result.push(await provide(api, each, i));
      return { result };
    },
  }),
];
