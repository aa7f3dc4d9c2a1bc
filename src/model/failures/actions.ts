/** Entries of the failure catalogue: error groups, and bulk actions on all matching instances. */
import type { FailureTable } from "./kind.ts";
import { LIMITS } from "../limits.ts";

export const ACTION_FAILURES = {
  "action.not_found": {
    code: 11030,
    status: 404,
    message: "detail",
    sentence: "Action not found",
    hint: `The server keeps running actions and the newest ${LIMITS.actionsKept} finished ones in memory until it restarts.`,
  },
  "action.too_many": {
    code: 11031,
    status: 429,
    message: "detail",
    sentence: `At most ${LIMITS.actions} actions may run at once`,
    hint: "Wait for one to finish, or cancel it.",
  },
  "error_group.not_found": {
    code: 11032,
    status: 404,
    message: "detail",
    sentence: "Error group not found: no instance has this error any more",
  },
} as const satisfies FailureTable;
