/** A D1 database. */
import { z } from "zod";
import type { Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    d1: { readonly id: string };
  }
}

export const d1: Kind<"d1"> = {
  upload: () => z.object({ id: z.string().min(1) }),
  show: ({ id }) => ({ id }),
  describe: ({ id }) => ({ what: "D1 Database", which: id }),
  configured: ({ d1_databases: all }) =>
    all.map(({ binding, database_id: id, database_name: called }) => ({ name: binding, id: id ?? called ?? binding })),
  resource: ({ id }) => ({ type: "d1", id }),
  provide: ({ id }) => ({ is: "stub", facade: "StorageFacade", props: { type: "d1", id } }),
};
