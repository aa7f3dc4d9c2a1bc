/** Entries of the failure catalogue: roles, tokens and users. */
import type { FailureTable } from "./kind.ts";
import { LIMITS } from "../limits.ts";

export const ACCESS_FAILURES = {
  "access.role": {
    code: 11010,
    status: 403,
    message: "detail",
    sentence: "Your role does not allow this request",
    hint: "Ask an admin for a token or a user with a higher role.",
  },
  "access.user_exists": { code: 11011, status: 409, message: "detail", sentence: "A user with this name already exists" },
  "access.no_user": { code: 11012, status: 404, message: "detail", sentence: "User not found" },
  "access.no_token": { code: 11013, status: 404, message: "detail", sentence: "Token not found" },
  "access.too_many": {
    code: 11014,
    status: 409,
    message: "detail",
    sentence: `At most ${LIMITS.tokens} tokens and ${LIMITS.users} users are allowed`,
    hint: "Remove tokens or users that are no longer needed.",
  },
} as const satisfies FailureTable;
