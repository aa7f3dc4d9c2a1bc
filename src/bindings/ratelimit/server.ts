/** Answers what user code asks of its rate limits. */
import { z } from "zod";
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import { decode, encode } from "../../model/values/value.ts";
import type { Answer } from "../answer.ts";
import type { RateWindows } from "./windows.ts";

const asked = z.tuple([
  z.object({
    key: z.string().max(LIMITS.rateLimitKey),
    delta: z.number().int().positive(),
    limit: z.number().optional(),
    period: z.literal([10, 60]).optional(),
  }),
]);

/** Counts in `windows`. */
export function rateLimits(windows: RateWindows): Answer<"ratelimit"> {
  return ({ method, args }, { namespaceId, simple }) => {
    if (method !== "limit") return refuse(`A rate limit has no method "${method}"`);
    const parsed = asked.safeParse(decode(args));
    if (!parsed.success) return refuse("The options of a rate limit are not valid");
    const [{ key, delta, limit = simple.limit, period = simple.period }] = parsed.data;
    return Promise.resolve(encode(windows.count({ namespaceId, key, delta, limit, period })));
  };
}

function refuse(detail: string): Promise<never> {
  return Promise.reject(new Failure("body", { detail }));
}
