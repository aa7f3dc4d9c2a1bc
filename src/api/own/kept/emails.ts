/** The emails that Workers have sent. */
import { z } from "zod";
import { iso } from "../../../model/time/calendar.ts";
import { endpoint, type Endpoint } from "../../endpoint/endpoint.ts";
import { perPage, timestamp } from "../../cloudflare/workflows/schemas.ts";

const email = z.object({
  message_id: z.string(),
  sent_at: timestamp,
  script: z.string(),
  from: z.string(),
  to: z.array(z.string()),
  subject: z.string(),
  text: z.string().nullable(),
  html: z.string().nullable(),
  raw: z.string().nullable(),
  error: z.string().nullable(),
});

/** Newest first. */
export const emails: readonly Endpoint[] = [
  endpoint("get", "/emails", {
    summary: "List the emails that Workers have sent, newest first",
    needs: "viewer",
    query: z.object({ per_page: perPage(50) }),
    result: z.array(email),
    handle: async ({ query: { per_page: limit } }, api) => {
      const found = await api.emails.list(limit);
      const result = found.map(({ messageId, at, to, ...rest }) => ({
        ...rest,
        message_id: messageId,
        sent_at: iso(at),
        to: [...to],
      }));
      return { result };
    },
  }),
];
