/** The part of the catalogue (`errors.ts`) about errors in groups, and about actions on all instances that match. */
import type { FailureTable } from "./kind.ts";
import { LIMITS } from "../limits.ts";

export const ACTION_FAILURES = {
  "action.not_found": {
    code: 11030,
    status: 404,
    message: "detail",
    sentence: "There is no such action",
    hint: `Actions are remembered until the server ends, and the newest ${LIMITS.actionsKept} of those that are over.`,
  },
  "action.too_many": {
    code: 11031,
    status: 429,
    message: "detail",
    sentence: `There may be ${LIMITS.actions} actions under way at once`,
    hint: "Wait until one of them is over, or stop it.",
  },
  "error_group.not_found": {
    code: 11032,
    status: 404,
    message: "detail",
    sentence: "No instance has such an error any more",
  },
} as const satisfies FailureTable;
