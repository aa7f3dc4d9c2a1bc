/** The part of the catalogue (`errors.ts`) about what a request costs: its size, its pace, and how many there are at once. */
import type { FailureTable } from "./kind.ts";

export const REQUEST_FAILURES = {
  "request.too_large": {
    code: 11070,
    status: 413,
    sentence: "The body of the request is too large",
    hint: "Send less at once; docs/limits.md has the limit of each kind of request.",
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
    sentence: "The server has more requests than it can answer at once",
    hint: "Send the request again after the time in Retry-After; it has changed nothing.",
  },
} as const satisfies FailureTable;
