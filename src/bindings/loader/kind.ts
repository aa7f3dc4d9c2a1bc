/** A worker loader: loads Workers from code that the script has at run time. */
import { z } from "zod";
import type { Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    worker_loader: object;
  }
}

export const loader: Kind<"worker_loader"> = {
  upload: () => z.object({}),
  show: () => ({}),
  describe: () => ({ what: "Worker Loader" }),
  configured: ({ worker_loaders: all }) => all.map(({ binding: name }) => ({ name })),
  provide: () => ({ is: "stub", facade: "WorkerLoaderFacade", props: {} }),
};
