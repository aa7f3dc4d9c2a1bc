import fc from "fast-check";
import { expect, test } from "vitest";
import type { StepConfig } from "../instance/events.ts";
import { LONGEST_MS, retryDelayMs } from "./retry.ts";

const backoff = fc.constantFrom("constant" as const, "linear" as const, "exponential" as const);

test("a delay never shrinks from one attempt to the next, and always leads to a date", () => {
  fc.assert(
    fc.property(
      backoff,
      fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: 1, max: 10_000 }),
      (...of) => {
        const [kind, delay, attempt] = of;
        const config: StepConfig = { retries: { limit: 10_000, delay, backoff: kind }, timeout: "1 minute" };
        const [before, after] = [retryDelayMs(config, attempt), retryDelayMs(config, attempt + 1)];
        expect(after).toBeGreaterThanOrEqual(before);
        expect(after).toBeLessThanOrEqual(LONGEST_MS);
        if (delay === 0) expect(after).toBe(0);
      },
    ),
  );
});
