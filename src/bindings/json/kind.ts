/** A variable that is any other value of JSON. */
import { z } from "zod";
import type { Description, Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    json: { readonly json: unknown };
  }
}

/** Longer values are cut. */
const SHOWN = 40;

export const json: Kind<"json"> = {
  upload: () => z.object({ json: z.unknown().refine((value) => value !== undefined, "Missing") }),
  show: ({ json: value }) => ({ json: value }),
  describe: ({ json: value }) => describeVariable(value),
  provide: ({ json: value }) => ({ is: "value", value }),
};

/** As wrangler has it. */
export function describeVariable(value: unknown): Description {
  const whole = JSON.stringify(value);
  return { what: "Environment Variable", which: whole.length <= SHOWN ? whole : `${whole.slice(0, SHOWN)}…` };
}
