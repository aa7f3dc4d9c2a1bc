/** The part of the catalogue of failures that is about queues. Codes are Cloudflare's where they are known. */
import type { FailureTable } from "./kind.ts";
import { LIMITS } from "../limits.ts";

export const QUEUE_FAILURES = {
  "queue.not_found": { code: 11000, status: 404, message: "detail", sentence: "There is no such queue" },
  "queue.already_exists": { code: 11009, status: 409, message: "detail", sentence: "There is a queue of this name" },
  "queue.invalid_name": {
    code: 10980,
    status: 400,
    message: "detail",
    sentence: "The queue's name is invalid",
    hint: "Use 1 to 63 letters, digits and -, starting and ending with a letter or a digit.",
  },
  "queue.too_many": { code: 10981, status: 400, message: "detail", sentence: `There may be ${LIMITS.queues} queues` },
  "queue.consumer_exists": {
    code: 11004,
    status: 409,
    message: "detail",
    sentence: "The queue has a consumer",
    hint: "Remove that first: a queue has one consumer.",
  },
  "queue.consumer_not_found": { code: 10982, status: 404, message: "detail", sentence: "The queue has no such consumer" },
  "subscription.not_found": { code: 10978, status: 404, message: "detail", sentence: "There is no such event subscription" },
  "subscription.too_many": {
    code: 10979,
    status: 400,
    message: "detail",
    sentence: `There may be ${LIMITS.eventSubscriptions} event subscriptions`,
  },
  "queue.no_pull": {
    code: 10983,
    status: 400,
    message: "detail",
    sentence: "Messages of this queue cannot be pulled",
    hint: "Give it a consumer of the type http_pull: wrangler queues consumer http add NAME.",
  },
  "script.no_handler": { code: 11001, status: 404, message: "detail", sentence: "The Worker has no handler for this" },
} as const satisfies FailureTable;
