/** Entries of the failure catalogue: authentication and the origin of requests. */
import type { FailureTable } from "./kind.ts";

export const AUTHENTICATION_FAILURES = {
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
