/** Fields that several kinds have. */
import { z } from "zod";
import { LIMITS } from "../model/limits.ts";

/** The name of a class that a Worker exports. */
export const className: z.ZodType<string> = z.string().min(1).max(LIMITS.scriptName);

/** The Worker that has a class, when it is another one than `script`. */
export function elsewhere(owner: string | undefined, script: string): { readonly script?: string } {
  return owner === undefined || owner === script ? {} : { script: owner };
}

/** A class as it is described. */
export function describeClass(name: string, script: string | undefined): string {
  return script === undefined ? name : `${name}, defined in ${script}`;
}
