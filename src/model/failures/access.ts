/** The part of the catalogue (`errors.ts`) about roles, tokens and people. */
import type { FailureKind } from "./kind.ts";
import { LIMITS } from "../limits.ts";

export type AccessFailureName = "access.role" | "access.user_exists" | "access.no_user" | "access.no_token" | "access.too_many";

export const ACCESS_FAILURES: Readonly<Record<AccessFailureName, FailureKind>> = {
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
};
