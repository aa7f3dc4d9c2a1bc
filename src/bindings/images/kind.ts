/** A binding that changes images. */
import { z } from "zod";
import type { Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    images: object;
  }
}

export const images: Kind<"images"> = {
  upload: () => z.object({}),
  show: () => ({}),
  describe: () => ({ what: "Images" }),
  configured: ({ images: one }) => (one === undefined ? [] : [{ name: one.binding }]),
  provide: ({ name }, script) => ({ is: "client", to: `${script}/${name}` }),
};
