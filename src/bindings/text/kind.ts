/** A variable that is a text. */
import { z } from "zod";
import { describeVariable } from "../json/kind.ts";
import type { Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    plain_text: { readonly text: string };
  }
}

export const text: Kind<"plain_text"> = {
  upload: () => z.object({ text: z.string() }),
  show: ({ text: value }) => ({ text: value }),
  describe: ({ text: value }) => describeVariable(value),
  provide: ({ text: value }) => ({ is: "value", value }),
};
