/** What is said of code that does not load, out of workerd's own words. */
import { expect, test } from "vitest";
import { describeLoadError } from "./load-error.ts";

test.each([
  ["Uncaught Error: null", "The Worker's top level threw null, which is no Error and has no stack"],
  ["Uncaught Error: #<Object>", "The Worker's top level threw #<Object>, which is no Error and has no stack"],
  ["Uncaught Error: just words", "just words"],
  ["Uncaught Error: Module not found: file:///bundle/nope", "Module not found: nope"],
  ["Uncaught Error: null\n  at file:///bundle/index.js:1:7", "Error: null\n    at index.js:1:7"],
])("%j", (reported, said) => {
  expect(describeLoadError(`Failed to start Worker:\n${reported}`)).toBe(said);
});

test("an error of any length is described at once", () => {
  const reported = "\n".repeat(300_000);
  expect(describeLoadError(`Failed to start Worker:\nUncaught Error: a${reported}b`)).toBe(`a${reported}b`);
});
