/** An R2 bucket. */
import { z } from "zod";
import type { Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    r2_bucket: { readonly bucket: string };
  }
}

export const r2: Kind<"r2_bucket"> = {
  upload: () => z.object({ bucket_name: z.string().min(1) }).transform(({ bucket_name: bucket }) => ({ bucket })),
  show: ({ bucket }) => ({ bucket_name: bucket }),
  describe: ({ bucket }) => ({ what: "R2 Bucket", which: bucket }),
  configured: ({ r2_buckets: all }) => all.map(({ binding, bucket_name: bucket = binding }) => ({ name: binding, bucket })),
  resource: ({ bucket: id }) => ({ type: "r2", id }),
  provide: ({ bucket: id }) => ({ is: "stub", facade: "StorageFacade", props: { type: "r2", id } }),
};
