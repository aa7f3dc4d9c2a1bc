/** The part of the catalogue (`errors.ts`) about who may ask. */
import type { FailureTable } from "./kind.ts";

export const AUTHENTICATION_FAILURES = {
  "authentication.origin": {
    code: 10915,
    status: 403,
    sentence: "A page of another origin may not use this server",
    hint: "Use the server's own pages. Behind a proxy, see that it keeps `Host`, and name it: `--trusted-proxy ADDRESS`.",
  },
  "authentication.too_often": {
    code: 10990,
    status: 429,
    sentence: "Logging in has failed too often",
    hint: "Wait a minute, then try again with the right token or password.",
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
    hint: "Send Authorization: Bearer <token>; `stepwell token create --role R` makes one.",
  },
  "authentication.token": {
    code: 9109,
    status: 403,
    message: "Invalid access token",
    sentence: "The token is unknown, or has been revoked",
    hint: "`stepwell token create --role R` makes a new one.",
  },
} as const satisfies FailureTable;
