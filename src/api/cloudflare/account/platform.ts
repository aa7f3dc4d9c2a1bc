/**
 * Parts of Cloudflare's platform that wrangler asks for on its way. There are none of them here: lists are empty.
 */
import { z } from "zod";
import { endpoint, type Endpoint } from "../../endpoint/endpoint.ts";

const ACCOUNT = "/accounts/{account_id}";

function empty(path: string, summary: string): Endpoint {
  return endpoint("get", `${ACCOUNT}${path}`, {
    summary,
    result: z.array(z.unknown()).max(0),
    handle: () => Promise.resolve({ result: [] }),
  });
}

/** What is not here. */
export const platform: readonly Endpoint[] = [
  empty("/workers/tails/by-consumer/{script_name}", "List scripts that send their logs to this one: none"),
];
