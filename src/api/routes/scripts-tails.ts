/** Tails of a script: its live logs. The answer says where a WebSocket gets them; that address is a secret by itself. */
import { z } from "zod";
import { Failure } from "../../model/errors.ts";
import { iso } from "../../model/time.ts";
import { endpoint, type Endpoint } from "../endpoint.ts";
import { activeVersion, SCRIPT } from "../scripts.ts";

const TAILS = `${SCRIPT}/tails` as const;

const KNOWN = 'Only a filter by text is known here ("query"): lines do not say which request they belong to';

const filters = z.object({
  filters: z
    .array(z.strictObject({ query: z.string() }, KNOWN))
    .max(1, KNOWN)
    .default([]),
});

const shown = z.object({ id: z.string(), url: z.string(), expires_at: z.iso.datetime() });

/** Live logs. */
export const scriptsTails: readonly Endpoint[] = [
  endpoint({
    method: "post",
    path: TAILS,
    summary: "Begin to follow what a script logs; the answer's url is for a WebSocket of the sub-protocol trace-v1",
    body: filters,
    result: shown,
    handle: async ({ params: { script_name: script }, body }, api, request) => {
      await activeVersion(api, script);
      const { id, expiresAt } = api.tails.open(script, body.filters[0]?.query ?? "", Date.now());
      const url = new URL(`/tails/${id}`, request.url);
      url.protocol = url.protocol.replace("http", "ws");
      return { result: { id, url: url.href, expires_at: iso(expiresAt) } };
    },
  }),
  endpoint({
    method: "delete",
    path: `${TAILS}/{tail_id}`,
    summary: "End a tail",
    result: z.null(),
    handle: async ({ params }, api) => {
      if (!api.tails.close(params.tail_id, params.script_name)) throw new Failure("script.tail_not_found", { field: "tail_id" });
      return { result: null };
    },
  }),
];
