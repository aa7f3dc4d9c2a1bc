/** Entries of the failure catalogue: roles, tokens and users, authentication, and the origin of requests. */
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
  "authentication.origin": {
    code: 10915,
    status: 403,
    sentence: "Requests from pages of another origin are not allowed",
    hint: "Use the dashboard of this server. Behind a proxy, make it forward `Host` and start the server with `--trusted-proxy ADDRESS`.",
  },
  "authentication.too_often": {
    code: 10990,
    status: 429,
    sentence: "Too many failed logins",
    hint: "Wait a minute, then try again with the correct token or password.",
  },
  "authentication.password": {
    code: 11015,
    status: 403,
    message: "detail",
    sentence: "The name or the password is wrong",
    hint: "An admin can set a new password: `stepwell user password NAME`.",
  },
  authentication: {
    code: 10000,
    status: 401,
    message: "Authentication error",
    sentence: "No token was sent",
    hint: "Send `Authorization: Bearer <token>`. `stepwell token create --role R` creates a token.",
  },
  "authentication.token": {
    code: 9109,
    status: 403,
    message: "Invalid access token",
    sentence: "The token is unknown or revoked",
    hint: "`stepwell token create --role R` creates a new one.",
  },
} as const satisfies FailureTable;
