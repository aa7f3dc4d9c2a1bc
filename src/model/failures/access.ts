/** The part of the catalogue (`errors.ts`) about roles, tokens and people. */
import type { FailureTable } from "./kind.ts";
import { LIMITS } from "../limits.ts";

export const ACCESS_FAILURES = {
  "access.role": {
    code: 11010,
    status: 403,
    message: "detail",
    sentence: "Your role does not allow this",
    hint: "Ask an admin, who can make a token or a user of that role.",
  },
  "access.user_exists": { code: 11011, status: 409, message: "detail", sentence: "There is a user of this name" },
  "access.no_user": { code: 11012, status: 404, message: "detail", sentence: "There is no user of this name" },
  "access.no_token": { code: 11013, status: 404, message: "detail", sentence: "There is no token of this id" },
  "access.too_many": {
    code: 11014,
    status: 409,
    message: "detail",
    sentence: `There may be ${LIMITS.tokens} tokens and ${LIMITS.users} users`,
    hint: "Remove those that nobody needs.",
  },
} as const satisfies FailureTable;
