/** Which instances are meant, as requests say it: the same words in a query and in a body. */
import { z } from "zod";
import { LIMITS } from "../../../model/limits.ts";
import { iso } from "../../../model/time/calendar.ts";
import type { InstanceFilter } from "../../../ports/instances/search.ts";
import { instant, status } from "./schemas.ts";

const fields = {
  status: status.optional(),
  version_id: z.string().min(1).max(LIMITS.scriptName).optional(),
  /** What the id begins with. */
  id_prefix: z.string().min(1).max(LIMITS.instanceAddress).optional(),
  /** A text in the name and message of the error that it ended with; letters from a to z match in either case. */
  error: z
    .string()
    .min(1)
    .max(LIMITS.errorSearch)
    .refine((text) => !text.includes("\0"), "NUL characters are not allowed")
    .optional(),
  /** The fingerprint of the error that it ended with. */
  error_group: z
    .string()
    .regex(/^[\da-f]{16}$/, "A fingerprint must be 16 hexadecimal digits")
    .optional(),
  /** Bounds on when it was created, inclusive. */
  date_start: instant.optional(),
  date_end: instant.optional(),
};

/** The fields of a filter; all that are given have to be so. */
export const FILTER: typeof fields = fields;

/** What was asked for. */
type Asked = { readonly [K in keyof typeof fields]?: z.output<(typeof fields)[K]> };

/** What a filter means. */
export function toFilter(workflow: string, asked: Asked): InstanceFilter {
  return {
    workflow,
    ...(asked.status !== undefined && { status: asked.status }),
    ...(asked.version_id !== undefined && { versionId: asked.version_id }),
    ...(asked.id_prefix !== undefined && { idPrefix: asked.id_prefix }),
    ...(asked.error !== undefined && { errorText: asked.error }),
    ...(asked.error_group !== undefined && { fingerprint: asked.error_group }),
    ...(asked.date_start !== undefined && { createdFrom: asked.date_start }),
    ...(asked.date_end !== undefined && { createdTo: asked.date_end }),
  };
}

/** A filter as it is asked for. */
export function showFilter(meant: InstanceFilter): object {
  return {
    ...(meant.status !== undefined && { status: meant.status }),
    ...(meant.versionId !== undefined && { version_id: meant.versionId }),
    ...(meant.idPrefix !== undefined && { id_prefix: meant.idPrefix }),
    ...(meant.errorText !== undefined && { error: meant.errorText }),
    ...(meant.fingerprint !== undefined && { error_group: meant.fingerprint }),
    ...(meant.createdFrom !== undefined && { date_start: iso(meant.createdFrom) }),
    ...(meant.createdTo !== undefined && { date_end: iso(meant.createdTo) }),
  };
}
