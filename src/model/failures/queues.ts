/** Entries of the failure catalogue: queues. Codes are Cloudflare's where they are known. */
import type { FailureTable } from "./kind.ts";
import { LIMITS } from "../limits.ts";

export const QUEUE_FAILURES = {
  "queue.not_found": { code: 11000, status: 404, message: "detail", sentence: "Queue not found" },
  "queue.already_exists": { code: 11009, status: 409, message: "detail", sentence: "A queue with this name already exists" },
  "queue.invalid_name": {
    code: 10980,
    status: 400,
    message: "detail",
    sentence: "The queue's name is invalid",
    hint: "Use 1 to 63 letters, digits and -, starting and ending with a letter or a digit.",
  },
  "queue.too_many": { code: 10981, status: 400, message: "detail", sentence: `At most ${LIMITS.queues} queues are allowed` },
  "queue.consumer_exists": {
    code: 11004,
    status: 409,
    message: "detail",
    sentence: "The queue already has a consumer",
    hint: "Remove that consumer first: a queue has at most one.",
  },
  "queue.consumer_not_found": { code: 10982, status: 404, message: "detail", sentence: "Consumer not found" },
  "subscription.not_found": { code: 10978, status: 404, message: "detail", sentence: "Event subscription not found" },
  "subscription.too_many": {
    code: 10979,
    status: 400,
    message: "detail",
    sentence: `At most ${LIMITS.eventSubscriptions} event subscriptions are allowed`,
  },
  "queue.no_pull": {
    code: 10983,
    status: 400,
    message: "detail",
    sentence: "The queue has no HTTP pull consumer",
    hint: "Add one: wrangler queues consumer http add NAME.",
  },
  "script.no_handler": { code: 11001, status: 404, message: "detail", sentence: "The Worker has no handler for this event" },
} as const satisfies FailureTable;
