/** Settings that all versions of a script share, as they are sent. */
import { z } from "zod";

/** Settings that are given back as they came. They change nothing here. */
export const keptSettings: z.ZodObject = z.object({
  tags: z.array(z.string()).nullish(),
  logpush: z.boolean().nullish(),
  observability: z.unknown().optional(),
  tail_consumers: z.unknown().optional(),
});
