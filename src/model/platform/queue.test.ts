import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../limits.ts";
import { batchDueAt, bodyBytes, isQueueName, NO_VERDICT, sendingProblem, settle, type Delivered, type Verdict } from "./queue.ts";

const batch = fc
  .uniqueArray(fc.nat(20), { minLength: 1, maxLength: 10 })
  .chain((pks) =>
    fc.tuple(
      ...pks.map((pk) => fc.record({ pk: fc.constant(pk), id: fc.constant(`m${pk}`), attempts: fc.integer({ min: 1, max: 5 }) })),
    ),
  );

const delaySeconds = fc.option(fc.nat(100), { nil: undefined });

/** Says whatever it likes, also of messages that are not in the batch, and twice. */
const verdict: fc.Arbitrary<Verdict> = fc.record({
  all: fc.oneof(fc.constant(undefined), fc.constant("ack" as const), fc.record({ delaySeconds })),
  acks: fc.array(fc.nat(25).map((pk) => `m${pk}`)),
  retries: fc.array(fc.record({ id: fc.nat(25).map((pk) => `m${pk}`), delaySeconds })),
});

const consumer = fc.record({ maxRetries: fc.nat(4), retryDelaySeconds: fc.nat(100) });

const NOW = 1_000_000;

describe("a batch that a consumer has had", () => {
  test.each([1e300, Infinity, -5, LIMITS.queueDelaySeconds + 1])(
    "its messages come again, though they are to wait for %d s",
    (delaySeconds) => {
      const message = { pk: 1, id: "m1", attempts: 1 };
      const settings = { maxRetries: 3, retryDelaySeconds: 0 };
      for (const said of [
        { ...NO_VERDICT, all: { delaySeconds } },
        { ...NO_VERDICT, retries: [{ id: "m1", delaySeconds }] },
      ]) {
        const [again] = settle([message], said, false, settings, NOW).again;
        expect(again?.visibleAt).toBe(NOW + (delaySeconds < 0 ? 0 : LIMITS.queueDelaySeconds * 1_000));
      }
    },
  );

  test("every message of it has one fate, and no other message has any", () => {
    fc.assert(
      fc.property(batch, verdict, fc.boolean(), consumer, (messages, said, threw, settings) => {
        const { done, again, dead } = settle(messages, said, threw, settings, NOW);
        const fates = [...done, ...again.map(({ pk }) => pk), ...dead];
        expect(fates.sort((a, b) => a - b)).toEqual(messages.map(({ pk }) => pk).sort((a, b) => a - b));
      }),
    );
  });

  test("none that has failed is forgotten before it has come as often as it may, or comes once more than that", () => {
    fc.assert(
      fc.property(batch, verdict, consumer, (messages, said, settings) => {
        const { done, again, dead } = settle(messages, { ...said, all: undefined, acks: [] }, true, settings, NOW);
        expect(done).toEqual([]);
        const attempts = new Map(messages.map((message) => [message.pk, message.attempts]));
        for (const each of again) {
          expect(each.attempts).toBe(attempts.get(each.pk));
          expect(each.attempts).toBeLessThanOrEqual(settings.maxRetries);
          expect(each.visibleAt).toBeGreaterThanOrEqual(NOW);
        }
        for (const pk of dead) expect(attempts.get(pk)).toBeGreaterThan(settings.maxRetries);
      }),
    );
  });

  test("what is acknowledged by name never comes again, whatever else happened", () => {
    fc.assert(
      fc.property(batch, verdict, fc.boolean(), consumer, (messages, said, threw, settings) => {
        const acked = messages.filter(({ id }) => said.acks.includes(id)).map(({ pk }) => pk);
        expect(settle(messages, said, threw, settings, NOW).done).toEqual(expect.arrayContaining(acked));
      }),
    );
  });

  const one: readonly Delivered[] = [{ pk: 1, id: "a", attempts: 1 }];
  const settings = { maxRetries: 3, retryDelaySeconds: 5 };
  const NOTHING: Verdict = { all: undefined, acks: [], retries: [] };

  test.each([
    ["nothing said", NOTHING, false, undefined],
    ["nothing said, and thrown", NOTHING, true, 5],
    ["all acknowledged, and thrown", { ...NOTHING, all: "ack" as const }, true, undefined],
    ["all to come again", { ...NOTHING, all: {} }, false, 5],
    ["all to come again later", { ...NOTHING, all: { delaySeconds: 9 } }, false, 9],
    [
      "one to come again at once, all later",
      { ...NOTHING, all: { delaySeconds: 9 }, retries: [{ id: "a", delaySeconds: 0 }] },
      false,
      0,
    ],
    ["one to come again, all acknowledged", { ...NOTHING, all: "ack" as const, retries: [{ id: "a" }] }, false, 5],
    ["one acknowledged, all to come again", { ...NOTHING, all: {}, acks: ["a"] }, false, undefined],
  ])("%s", (_, said, threw, seconds) => {
    const { again } = settle(one, said, threw, settings, NOW);
    expect(again).toEqual(seconds === undefined ? [] : [{ pk: 1, attempts: 1, visibleAt: NOW + seconds * 1_000 }]);
  });
});

describe("a batch", () => {
  const settings = { batchSize: 3, maxWaitMs: 100 };

  test.each([
    [[], undefined],
    [[10], 110],
    [[10, 50], 110],
    [[10, 50, 60], 60],
    [[10, 10, 10], 10],
    [[10, 50, 900], 110],
  ])("of messages from %j on is due at %j", (visibleAt, dueAt) => {
    expect(batchDueAt(visibleAt, settings)).toBe(dueAt);
  });

  test("is never due before its first message, nor later than that may wait", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 3 }), (times) => {
        const visibleAt = times.sort((a, b) => a - b);
        const dueAt = batchDueAt(visibleAt, settings) ?? -1;
        expect(dueAt).toBeGreaterThanOrEqual(visibleAt[0] ?? 0);
        expect(dueAt).toBeLessThanOrEqual((visibleAt[0] ?? 0) + settings.maxWaitMs);
      }),
    );
  });
});

describe("what is sent", () => {
  const text = (bytes: number): { contentType: "text"; body: string } => ({ contentType: "text", body: "x".repeat(bytes) });

  test.each([
    [[text(LIMITS.queueMessageBytes)], true],
    [[text(LIMITS.queueMessageBytes + 1)], false],
    [[{ contentType: "text" as const, body: "é".repeat(LIMITS.queueMessageBytes / 2 + 1) }], false],
    [[text(LIMITS.queueBatchBytes / 2), text(LIMITS.queueBatchBytes / 2)], true],
    [[text(LIMITS.queueBatchBytes / 2), text(LIMITS.queueBatchBytes / 2), text(1)], false],
    [Array.from({ length: LIMITS.queueBatch }, () => text(1)), true],
    [Array.from({ length: LIMITS.queueBatch + 1 }, () => text(1)), false],
    [[], false],
    [[{ ...text(1), delaySeconds: LIMITS.queueDelaySeconds }], true],
    [[{ ...text(1), delaySeconds: LIMITS.queueDelaySeconds + 1 }], false],
    [[{ ...text(1), delaySeconds: -1 }], false],
    [[{ ...text(1), delaySeconds: 0.5 }], false],
  ])("has its limits (case %#)", (messages, isFine) => {
    expect(sendingProblem(messages) === undefined).toBe(isFine);
  });

  test("bytes are counted as bytes, not as the base64 that carries them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        expect(bodyBytes({ contentType: "bytes", body: Buffer.from(bytes).toString("base64") })).toBe(bytes.length);
      }),
    );
  });

  test.each([
    ["orders", true],
    ["a", true],
    ["my-queue-2", true],
    ["a".repeat(63), true],
    ["a".repeat(64), false],
    ["-a", false],
    ["a-", false],
    ["a_b", false],
    ["", false],
  ])("a queue may be called %j: %j", (name, may) => {
    expect(isQueueName(name)).toBe(may);
  });
});
