/** A secret of a store that several Workers may read. */
import { z } from "zod";
import type { Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    secrets_store_secret: { readonly storeId: string; readonly secret: string };
  }
}

const sent = z.object({ store_id: z.string().min(1).max(255), secret_name: z.string().min(1).max(255) });

export const secretsStore: Kind<"secrets_store_secret"> = {
  upload: () => sent.transform(({ store_id: storeId, secret_name: secret }) => ({ storeId, secret })),
  show: ({ storeId, secret }) => ({ store_id: storeId, secret_name: secret }),
  describe: ({ storeId, secret }) => ({ what: "Secrets Store Secret", which: `${storeId}/${secret}` }),
  configured: ({ secrets_store_secrets: all }) =>
    all.map(({ binding, store_id: storeId, secret_name: secret }) => ({ name: binding, storeId, secret })),
  provide: ({ name }) => ({ is: "client", to: name }),
};
