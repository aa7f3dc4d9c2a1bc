/** KV namespaces: to make, list, rename and delete them. What is in them is in `kv-values.ts`. */
import { z } from "zod";
import { Failure } from "../../../model/failures/failure.ts";
import type { Resource } from "../../../ports/catalog/resources.ts";
import { endpoint, type Endpoint } from "../../endpoint/endpoint.ts";
import { pages } from "../workflows/schemas.ts";
import { found, paged, remove } from "./storage.ts";

const NAMESPACES = "/accounts/{account_id}/storage/kv/namespaces";

/** One of them. */
export const NAMESPACE: `${typeof NAMESPACES}/{namespace_id}` = `${NAMESPACES}/{namespace_id}`;

const namespace = z.object({ id: z.string(), title: z.string(), supports_url_encoding: z.literal(true) });

const titled = z.object({ title: z.string().min(1).max(512) });

function show({ id, name: title }: Resource): z.output<typeof namespace> {
  return { id, title, supports_url_encoding: true };
}

const taken = (): Failure => new Failure("kv.already_exists", { field: "title" });

/** Namespaces, by id. */
export const kvNamespaces: readonly Endpoint[] = [
  endpoint("get", NAMESPACES, {
    summary: "List KV namespaces, by title",
    query: z.object({
      ...pages(20, 1_000),
      order: z.string().optional(),
      direction: z.string().optional(),
    }),
    result: z.array(namespace),
    handle: async ({ query }, { catalog }) => paged(await catalog.resources("kv"), query, show),
  }),
  endpoint("post", NAMESPACES, {
    needs: "admin",
    summary: "Create a KV namespace",
    body: titled,
    result: namespace,
    handle: async ({ body: { title } }, { catalog, clock, ids }) => {
      const id = ids.uuid().replaceAll("-", "");
      const made: Resource = { type: "kv", id, name: title, createdAt: clock.now() };
      if (!(await catalog.addResource(made))) throw taken();
      return { result: show(made) };
    },
  }),
  endpoint("get", NAMESPACE, {
    summary: "Read a KV namespace",
    result: namespace,
    handle: async ({ params }, api) => ({ result: show(await found(api, "kv", params.namespace_id)) }),
  }),
  endpoint("put", NAMESPACE, {
    needs: "admin",
    summary: "Rename a KV namespace",
    body: titled,
    result: namespace,
    handle: async ({ params, body: { title } }, api) => {
      const { id } = await found(api, "kv", params.namespace_id);
      if (!(await api.catalog.renameResource("kv", id, title))) throw taken();
      return { result: show(await found(api, "kv", id)) };
    },
  }),
  endpoint("delete", NAMESPACE, {
    needs: "admin",
    summary: "Delete a KV namespace with its data",
    handle: async ({ params }, api) => remove(api, await found(api, "kv", params.namespace_id)),
  }),
];
