/** A KV namespace. */
import { z } from "zod";
import type { Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    kv_namespace: { readonly id: string };
  }
}

export const kv: Kind<"kv_namespace"> = {
  upload: () => z.object({ namespace_id: z.string().min(1) }).transform(({ namespace_id: id }) => ({ id })),
  show: ({ id }) => ({ namespace_id: id }),
  describe: ({ id }) => ({ what: "KV Namespace", which: id }),
  // Without an id, the binding stands for what it leads to; of databases and buckets likewise.
  configured: ({ kv_namespaces: all }) => all.map(({ binding, id = binding }) => ({ name: binding, id })),
  resource: ({ id }) => ({ type: "kv", id }),
  provide: ({ id }) => ({ is: "stub", facade: "StorageFacade", props: { type: "kv", id } }),
};
