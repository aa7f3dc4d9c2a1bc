/** What can be stored, and how it is shown where there is only JSON. */
import { expect, test } from "vitest";
import { encode, toJson, Unserialisable } from "./value.ts";

test("the JSON form leaves out what is undefined", () => {
  expect(Object.keys(toJson(encode({ a: undefined, b: [undefined, 1], c: { d: undefined } })) as object)).toEqual(["b", "c"]);
  expect(toJson(encode({ b: [undefined, 1], c: { d: undefined } }))).toStrictEqual({ b: [null, 1], c: {} });
});

test.each([new URL("https://example.com/"), { at: new URLSearchParams("a=1") }])("%s is refused, as by Cloudflare", (value) => {
  expect(() => encode(value)).toThrow(Unserialisable);
});
