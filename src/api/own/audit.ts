/** Who did what, when, from where, and what came of it. */
import { z } from "zod";
import { iso } from "../../model/time/calendar.ts";
import { ROLES } from "../../model/platform/roles.ts";
import type { StoredAuditEntry } from "../../ports/logs/audit-log.ts";
import { endpoint, type Endpoint } from "../endpoint/endpoint.ts";
import { instant, perPage, timestamp } from "../cloudflare/workflows/schemas.ts";

const query = z.object({
  /** Part of a name, or a whole id. */
  who: z.string().min(1).optional(),
  /** Part of an action. */
  action: z.string().min(1).optional(),
  from: instant.optional(),
  to: instant.optional(),
  cursor: z.coerce.number().int().min(1).optional(),
  per_page: perPage(50),
});

const entry = z.object({
  n: z.int(),
  time: timestamp,
  who: z
    .object({
      kind: z.enum(["token", "user", "local", "command"]),
      id: z.string(),
      name: z.string(),
      role: z.enum(ROLES),
    })
    .nullable(),
  method: z.string(),
  action: z.string(),
  target: z.string(),
  address: z.string(),
  status: z.int(),
  code: z.int().nullable(),
});

/** The audit log. */
export const audit: readonly Endpoint[] = [
  endpoint("get", "/audit", {
    summary: "Read the audit log, newest first",
    needs: "admin",
    query,
    result: z.array(entry),
    handle: async ({ query: { cursor, per_page: limit, ...wanted } }, api) => {
      const found = await api.audit.list({ ...wanted, before: cursor, limit: limit + 1 });
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const more = found.length > limit && last !== undefined;
      return {
        result: page.map(show),
        info: { count: page.length, per_page: limit, total_count: page.length, ...(more && { cursor: String(last.n) }) },
      };
    },
  }),
];

function show({ at, ...rest }: StoredAuditEntry): z.input<typeof entry> {
  return { ...rest, time: iso(at) };
}
