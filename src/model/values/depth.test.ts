/** The depth limit of values, on both sides of it and for all kinds of values. */
import { stringify } from "devalue";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../limits.ts";
import { decode, encode, toJson, toLogText, Unserialisable } from "./value.ts";
import { isDeeper, isFlatDeeper } from "./depth.ts";

const nested = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
  let value: unknown = "core";
  for (let i = 0; i < levels; i += 1) value = wrap(value);
  return value;
};

const WRAPS: readonly (readonly [string, (inner: unknown) => unknown])[] = [
  ["arrays", (inner) => [inner]],
  ["objects", (inner) => ({ inner, other: 1 })],
  ["arrays that are not plain", (inner) => [inner, undefined]],
  ["maps", (inner) => new Map([["key", inner]])],
  ["keys of maps", (inner) => new Map([[inner, 1]])],
  ["sets", (inner) => new Set([1, inner])],
  ["causes of errors", (cause) => new Error("outer", { cause })],
];

describe.each(WRAPS)("%s", (_, wrap) => {
  // An error is a list of its parts, and its cause in a list of its own.
  const most = Math.floor(LIMITS.valueDepth / (wrap("x") instanceof Error ? 3 : 1));

  test("are taken up to the limit, and shown", () => {
    const text = encode(nested(most, wrap));
    expect(encode(decode(text))).toBe(text);
    expect(JSON.stringify(toJson(text))).not.toContain("Nested deeper");
    expect(toLogText(text)).not.toContain("Nested deeper");
  });

  test.each([1, 10, 5_000, 100_000])("are refused %i levels beyond it, in the same words", (beyond) => {
    expect(() => encode(nested(most + beyond, wrap))).toThrow(new Unserialisable("The value is nested deeper than 500 levels"));
  });
});

test("what goes round in circles is as deep as it is until it comes back", () => {
  const ring = (links: number): object => {
    const first: { next?: object } = {};
    let last = first;
    for (let i = 1; i < links; i += 1) last = last.next = {} as { next?: object };
    last.next = first;
    return first;
  };
  expect(decode(encode(ring(LIMITS.valueDepth)))).toEqual(ring(LIMITS.valueDepth));
  expect(() => encode(ring(LIMITS.valueDepth + 1))).toThrow(Unserialisable);
});

test("wide values are not deep", () => {
  const wide = Array.from({ length: 5_000 }, (_, i) => [i, undefined, new Map([[i, [new Date(i), new Uint8Array([i])]]])]);
  expect(decode(encode(wide))).toEqual(wide);
  const holes: unknown[] = [1];
  holes[4_000] = [2];
  expect(decode(encode(Array.from({ length: 900 }, () => holes)))).toHaveLength(900);
});

test("what was stored before there was a limit is shown as a note", () => {
  const entries = Array.from({ length: 5_000 }, (_, i) => `[${i + 1},-1]`).join(",");
  for (const text of [
    `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
    `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
    `=[${entries},1]`,
  ])
    expect(toJson(text)).toBe("[Nested deeper than 500 levels]");
});

test.each([0, 1, 2, 600])("%i levels are counted", (levels) => {
  for (const wrap of [(inner: unknown): unknown => [inner], (inner: unknown): unknown => ({ a: 1, inner })]) {
    const value = nested(levels, wrap);
    expect([isDeeper(value, levels), levels > 0 && isDeeper(value, levels - 1)]).toEqual([false, levels > 0]);
    const flat = stringify([Array.from({ length: 2_000 }, (_, i) => i), value]);
    expect([isFlatDeeper(flat, levels + 1), levels > 1 && isFlatDeeper(flat, levels)]).toEqual([levels === 0, levels > 1]);
  }
});
