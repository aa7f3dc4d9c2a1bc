/** What user code may give to `limit`, and what the server is asked then. */
import { expect, test } from "vitest";
import { encode } from "../../model/values/value.ts";
import { EXAMPLES } from "../../../test/support/binding-examples.ts";
import { decode } from "../../model/values/value.ts";
import { rateLimitBinding, type RateLimitOptions } from "./client.ts";
import { rateLimits } from "./server.ts";
import { RateWindows } from "./windows.ts";

const answer = rateLimits(new RateWindows({ now: () => 0 }));
const binding = { ...EXAMPLES.ratelimit, simple: { limit: 1, period: 60 } };
const env = rateLimitBinding(async (method, args) =>
  decode(await answer({ to: "ratelimit", name: binding.name, method, args: encode(args) }, binding)),
);

test("the bounds are those of the binding, unless the call has its own", async () => {
  expect(await env.limit({ key: "a" })).toEqual({ success: true });
  expect(await env.limit({ key: "a" })).toEqual({ success: false });
  expect(await env.limit({ key: "a", limit: 2 })).toEqual({ success: true });
  expect(await env.limit({ key: "a", period: 10 })).toEqual({ success: true });
});

test("the server hashes no key that the binding would refuse", async () => {
  const args = encode([{ key: "a".repeat(16_385), delta: 1 }]);
  const asked = answer({ to: "ratelimit", name: binding.name, method: "limit", args }, binding);
  await expect(asked).rejects.toThrow("The options of a rate limit are not valid");
});

test.each<[unknown, string]>([
  [undefined, "invalid rate limit options"],
  [{ keys: "a" }, "bad rate limit options: [keys]"],
  [{ key: 7 }, "invalid key: 7"],
  [{ key: "a".repeat(16_385) }, "invalid key: it has more than 16384 characters"],
  [{ key: "a", limit: "1" }, "limit must be a number: 1"],
  [{ key: "a", period: 20 }, "unsupported period: 20"],
  [{ key: "a", delta: 0.5 }, "delta must be non-zero"],
  [{ key: "a", delta: -1 }, "it is negative"],
  [{ key: "a", delta: Number.NaN }, "it is not an integer"],
  [{ key: "a", delta: 2 ** 32 }, "Value out of range"],
])("what is refused, and why: %# %s", async (options, message) => {
  await expect(env.limit(options as RateLimitOptions)).rejects.toThrow(message);
});
