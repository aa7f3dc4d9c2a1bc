import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fingerprint, shapeOf } from "./fingerprint.ts";

describe("shapeOf", () => {
  test.each([
    ["card 4711 refused", "card <n> refused"],
    ["took 1,024.5 ms of 3s", "took <n> ms of <n>s"],
    ["GET https://api.example.com/v1/orders/7?x=1 failed", "GET <url> failed"],
    ["no user ada@example.com", "no user <email>"],
    ["key 'orders' of \"bucket 7\" is `gone`", "key <text> of <text> is <text>"],
    ["don't and can't stay words", "don't and can't stay words"],
    ["since 2026-11-28T21:00:00.000Z, or 2026-11-28", "since <date>, or <date>"],
    ["order 6f1c1f6e-3c52-4f0a-9d6a-0b3f5a1f2c3d is gone", "order <uuid> is gone"],
    ["object deadbeef01 and 0xff", "object <n> and <n>"],
    ["the facade decade", "the facade decade"],
    ["ENOENT: open /var/lib/stepwell/data.db", "ENOENT: open <path>"],
    ["ENOENT: open C:\\data\\file.txt", "ENOENT: open <path>"],
    ["and/or", "and/or"],
    ["  many\n\n lines ", "many lines"],
    ["", ""],
  ])("%j is %j", (message, shape) => expect(shapeOf(message)).toBe(shape));

  test("what has no digits, quotes or addresses stays as it is", () => {
    const words = fc.array(fc.stringMatching(/^[g-z]{1,12}$/), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(words, (some) => {
        expect(shapeOf(some.join(" "))).toBe(some.join(" "));
      }),
    );
  });

  test("is bounded, whatever it is given, and quick with what patterns dislike", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000, unit: "binary" }), (text) => {
        expect(shapeOf(text).length).toBeLessThanOrEqual(200);
      }),
    );
    for (const part of ["/a", "1.", "a.a@", "'", "f0", "x:"])
      expect(shapeOf(part.repeat(50_000)).length).toBeLessThanOrEqual(200);
  });
});

describe("fingerprint", () => {
  const error = fc.record({ name: fc.string(), message: fc.string() });

  test("is sixteen digits, and the same for the same error", () => {
    fc.assert(
      fc.property(error, fc.option(fc.string()), (each, step) => {
        expect(fingerprint(each, step, null)).toMatch(/^[\da-f]{16}$/);
        expect(fingerprint({ ...each }, step, null)).toBe(fingerprint(each, step, null));
      }),
    );
  });

  test("numbers, uuids and quoted texts make no difference", () => {
    const quoted = fc.stringMatching(/^[^'"`\n]{0,20}$/);
    const details = fc.tuple(fc.nat(), fc.uuid(), quoted);
    const of = ([n, id, text]: readonly [number, string, string]): string =>
      fingerprint({ name: "Error", message: `card ${n} of ${id} said "${text}"` }, `charge ${n}`, "pay");
    fc.assert(
      fc.property(details, details, (a, b) => {
        expect(of(a)).toBe(of(b));
      }),
    );
  });

  test("another name, another message, another step, another function, or none make one", () => {
    const base = fingerprint({ name: "Error", message: "refused" }, "charge", null);
    const others = [
      fingerprint({ name: "TypeError", message: "refused" }, "charge", null),
      fingerprint({ name: "Error", message: "refused again" }, "charge", null),
      fingerprint({ name: "Error", message: "refused" }, "ship", null),
      fingerprint({ name: "Error", message: "refused" }, null, null),
      fingerprint({ name: "Error", message: "refused" }, "charge", "pay"),
    ];
    expect(new Set([base, ...others]).size).toBe(6);
  });
});
