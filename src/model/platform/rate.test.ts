import fc from "fast-check";
import { expect, test } from "vitest";
import { takeTokens, type Bucket } from "./rate.ts";

test("a second's worth at once, the next one when it has been earned", () => {
  let { bucket, waitMs } = takeTokens(undefined, 10, 10, 0);
  expect(waitMs).toBe(0);
  ({ bucket, waitMs } = takeTokens(bucket, 10, 1, 0));
  expect(waitMs).toBe(100);
  expect(takeTokens(bucket, 10, 1, 99).waitMs).toBe(1);
  expect(takeTokens(bucket, 10, 1, 100).waitMs).toBe(0);
});

test("a batch larger than the bucket needs a full one, and is paid for afterwards", () => {
  const { bucket, waitMs } = takeTokens(undefined, 10, 100, 0);
  expect(waitMs).toBe(0);
  expect(takeTokens(bucket, 10, 1, 0).waitMs).toBe(9_100);
  expect(takeTokens(bucket, 10, 100, 9_999).waitMs).toBe(1);
});

test("a clock that was set back changes nothing", () => {
  const { bucket } = takeTokens(undefined, 10, 10, 1_000);
  expect(takeTokens(bucket, 10, 1, 0)).toEqual({ bucket, waitMs: 100 });
});

test("a request that waits as long as stated is granted, and the rate is never exceeded", () => {
  const asked = fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.nat(700)), { maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), asked, (perSecond, all) => {
      let bucket: Bucket | undefined;
      let now = 0;
      let granted = 0;
      let largest = 0;
      for (const [wanted, later] of all) {
        now += later;
        const { waitMs, ...taken } = takeTokens(bucket, perSecond, wanted, now);
        if (waitMs > 0) expect(takeTokens(taken.bucket, perSecond, wanted, now + waitMs).waitMs).toBe(0);
        else granted += wanted;
        largest = Math.max(largest, wanted);
        bucket = taken.bucket;
      }
      expect(granted).toBeLessThanOrEqual(perSecond + largest + (perSecond * now) / 1_000);
    }),
  );
});
