/** Entries of the failure catalogue: the size, the pace and the number of requests. */
import type { FailureTable } from "./kind.ts";

export const REQUEST_FAILURES = {
  "request.too_large": {
    code: 11070,
    status: 413,
    sentence: "The body of the request is too large",
    hint: "Send less in one request. docs/limits.md lists the limit of each kind of request.",
  },
  "request.timeout": {
    code: 11071,
    status: 408,
    sentence: "The body of the request did not arrive in time",
    hint: "Send it again over a faster connection.",
  },
  "request.overloaded": {
    code: 11072,
    status: 503,
    sentence: "The server is overloaded",
    hint: "The request changed nothing. Retry after the time in Retry-After.",
  },
} as const satisfies FailureTable;
