/** The script's own static assets. */
import { z } from "zod";
import type { Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    assets: object;
  }
}

export const assets: Kind<"assets"> = {
  upload: () => z.object({}),
  show: () => ({}),
  describe: () => ({ what: "Assets" }),
  configured: ({ assets: wanted }) => (wanted?.binding === undefined ? [] : [{ name: wanted.binding }]),
  provide: () => ({ is: "stub", facade: "AssetsFacade", props: {} }),
};
