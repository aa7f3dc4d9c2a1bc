/** Tails of a script: its live logs. The answer says where a WebSocket gets them; that address is a secret by itself. */
import { z } from "zod";
import { Failure } from "../../../model/failures/failure.ts";
import { iso } from "../../../model/time/calendar.ts";
import { tailFilter, type TailFilter } from "../../../workers/logs/tail-event.ts";
import { endpoint, type Endpoint } from "../../endpoint/endpoint.ts";
import { activeVersion } from "../../../workers/versions/scripts.ts";
import { SCRIPT } from "./shown.ts";

const TAILS = `${SCRIPT}/tails` as const;

const filters = z.object({ filters: z.array(tailFilter).max(10).default([]) });

const shown = z.object({ id: z.string(), url: z.string(), expires_at: z.iso.datetime() });

/** The filter with the client's own address in place of `self`. */
function withSelf(given: TailFilter, self: string): TailFilter {
  const { client_ip: addresses } = given;
  return addresses === undefined ? given : { ...given, client_ip: addresses.map((each) => (each === "self" ? self : each)) };
}

/** Live logs. */
export const scriptsTails: readonly Endpoint[] = [
  endpoint("post", TAILS, {
    needs: "viewer",
    summary: "Start a tail of a script's logs; the returned url takes a WebSocket with the sub-protocol trace-v1",
    body: filters,
    result: shown,
    handle: async ({ params: { script_name: script }, body }, api, request) => {
      await activeVersion(api.catalog, script);
      const self = request.headers.get("cf-connecting-ip") ?? "";
      const wanted = body.filters.map((each) => withSelf(each, self));
      const { id, expiresAt } = api.tails.open(script, wanted);
      const url = new URL(`/tails/${id}`, request.url);
      url.protocol = url.protocol.replace("http", "ws");
      return { result: { id, url: url.href, expires_at: iso(expiresAt) } };
    },
  }),
  endpoint("delete", `${TAILS}/{tail_id}`, {
    needs: "viewer",
    summary: "End a tail",
    handle: async ({ params }, api) => {
      if (!api.tails.close(params.tail_id, params.script_name)) throw new Failure("script.tail_not_found", { field: "tail_id" });
    },
  }),

  endpoint("get", "/accounts/{account_id}/workers/tails/by-consumer/{script_name}", {
    summary: "List scripts that send their logs to this one: none",
    result: z.array(z.unknown()).max(0),
    handle: async () => ({ result: [] }),
  }),
];
