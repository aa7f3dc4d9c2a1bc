/** What patterns of paths fit. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { fitsPath } from "./path-pattern.ts";

test.each([
  ["/api/*", ["/api/", "/api/a/b"], ["/api", "/x/api/"]],
  ["*", ["", "/a"], []],
  ["/a*a", ["/aa", "/aba"], ["/a", "/ab"]],
  ["/a.b", ["/a.b"], ["/axb"]],
  [`${"*a".repeat(30)}*b`, [], ["a".repeat(250)]],
])("%s", (pattern, fitting, others) => {
  expect(fitting.filter((path) => !fitsPath(pattern, path))).toEqual([]);
  expect(others.filter((path) => fitsPath(pattern, path))).toEqual([]);
});

test("a pattern fits what the regular expression of it fits", () => {
  const text = (of: readonly string[]): fc.Arbitrary<string> =>
    fc.array(fc.constantFrom(...of), { maxLength: 8 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text(["a", "b", "/", "*"]), text(["a", "b", "/"]), (pattern, path) => {
      expect(fitsPath(pattern, path)).toBe(new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(path));
    }),
    { numRuns: 2_000 },
  );
});
