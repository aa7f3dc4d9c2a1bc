/** A text that only the script sees. */
import { z } from "zod";
import type { Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    /** Sealed wherever a version is stored. */
    secret_text: { readonly text: string };
  }
}

export const secret: Kind<"secret_text"> = {
  upload: () => z.object({ text: z.string() }),
  show: () => ({}),
  describe: () => ({ what: "Environment Variable", which: '"(hidden)"' }),
  withSecrets: (binding, change) => ({ ...binding, text: change(binding.text) }),
  provide: ({ text: value }) => ({ is: "value", value }),
};
