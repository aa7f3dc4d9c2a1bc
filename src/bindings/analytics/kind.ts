/** A dataset of Analytics Engine, to write data points to. */
import { z } from "zod";
import type { Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    analytics_engine: { readonly dataset: string };
  }
}

export const analytics: Kind<"analytics_engine"> = {
  upload: () => z.object({ dataset: z.string().min(1).max(255) }),
  show: ({ dataset }) => ({ dataset }),
  describe: ({ dataset }) => ({ what: "Analytics Engine Dataset", which: dataset }),
  configured: ({ analytics_engine_datasets: all }) => all.map(({ binding, dataset = binding }) => ({ name: binding, dataset })),
  provide: ({ dataset }) => ({ is: "client", to: dataset }),
};
