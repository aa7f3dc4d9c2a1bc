import { expect, test } from "vitest";
import { LIMITS } from "../model/limits.ts";
import { loggedValues, valuesOf } from "./logged.ts";

test("values cross as they are, as far as JSON has a form for them", () => {
  const parts = ["order %s", 1, { a: [undefined, null, { b: "x" }] }, 5n, new Date(0)];
  expect(valuesOf(loggedValues(parts))).toEqual([
    "order %s",
    1,
    { a: [null, null, { b: "x" }] },
    "5",
    "1970-01-01T00:00:00.000Z",
  ]);
  expect(valuesOf(loggedValues([new TypeError("no")]))).toEqual([expect.stringMatching(/^TypeError: no\n\s+at /)]);
});

test("a text alone, what is long and what goes in circles have their text only", () => {
  const ring: { self?: unknown } = {};
  ring.self = ring;
  for (const parts of [["text"], [["x".repeat(LIMITS.logLine)]], [ring]]) expect(loggedValues(parts)).toBeUndefined();
});

test.each([undefined, 1, "{", "{}", `[${" ".repeat(LIMITS.logLine)}]`])("from an isolate %j is no list of values", (said) => {
  expect(valuesOf(said)).toBeUndefined();
});
