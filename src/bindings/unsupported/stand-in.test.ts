/** A binding that there is not: it may be looked at, and not be used. */
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { unsupportedBinding } from "./stand-in.ts";

const binding = unsupportedBinding("AI", "Workers AI") as { run?: unknown; connectionString?: unknown };
const SAID = 'The binding "AI" (Workers AI) is not supported by stepwell';

test("using it throws an error that names it", () => {
  expect(() => binding.run).toThrow(SAID);
  expect(() => binding.connectionString).toThrow(SAID);
  expect(() => Object.assign(binding, { run: 1 })).toThrow(SAID);
});

test("it may be printed, awaited, serialised and checked for", async () => {
  expect(inspect({ binding })).toBe("{ binding: {} }");
  expect(JSON.stringify({ binding })).toBe('{"binding":{}}');
  expect(await Promise.resolve(binding)).toBe(binding);
  expect([Boolean(binding), Object.keys(binding), typeof binding]).toEqual([true, [], "object"]);
});
