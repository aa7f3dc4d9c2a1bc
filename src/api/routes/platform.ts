/**
 * Parts of Cloudflare's platform that wrangler asks for on its way. There are none of them here: lists are empty, and to make
 * one is refused with what to do instead, before a Worker that needs it is uploaded.
 */
import { z } from "zod";
import { Failure } from "../../model/errors.ts";
import { UNSUPPORTED } from "../../scripts/metadata.ts";
import { endpoint, type Endpoint } from "../endpoint.ts";

const ACCOUNT = "/accounts/{account_id}";

function empty(path: string, summary: string): Endpoint {
  return endpoint({
    method: "get",
    path: `${ACCOUNT}${path}`,
    summary,
    result: z.array(z.unknown()).max(0),
    handle: () => Promise.resolve({ result: [] }),
  });
}

/** What is not here. */
export const platform: readonly Endpoint[] = [
  empty("/storage/kv/namespaces", "List KV namespaces: none"),
  empty("/workers/durable_objects/namespaces", "List Durable Object namespaces: none"),
  empty("/workers/tails/by-consumer/{script_name}", "List scripts that send their logs to this one: none"),
  empty("/queues", "List queues: none"),
  endpoint({
    method: "post",
    path: `${ACCOUNT}/storage/kv/namespaces`,
    summary: "Refused: there are no KV namespaces",
    result: z.null(),
    handle: () =>
      Promise.reject(new Failure("script.binding_unsupported", { detail: `The Worker asks for ${UNSUPPORTED["kv_namespace"]}` })),
  }),
];
