import { expect, test } from "vitest";
import { bySpecificity, matchesRoute, routePattern, type RoutePattern } from "./route-pattern.ts";

const known = (text: string): RoutePattern => {
  const pattern = routePattern(text);
  if (pattern === undefined) throw new Error(`${text} is no pattern`);
  return pattern;
};

test.each([
  ["example.com/*", "http://example.com/", true],
  ["example.com/*", "https://example.com/a/b?c", true],
  ["example.com/*", "http://www.example.com/", false],
  ["example.com", "http://example.com/", true],
  ["example.com", "http://example.com/a", false],
  ["example.com/api/*", "http://example.com/api/x", true],
  ["example.com/api/*", "http://example.com/api", false],
  ["example.com/api*", "http://example.com/apis?x", true],
  ["example.com/a", "http://example.com/a?x", false],
  ["*.example.com/*", "http://a.b.example.com/", true],
  ["*.example.com/*", "http://example.com/", false],
  ["*example.com/*", "http://example.com/", true],
  ["*example.com/*", "http://badexample.com/", true],
  ["HTTPS://Example.com/A", "https://example.com/A", true],
  ["https://example.com/*", "http://example.com/", false],
  ["https://example.com/*", "https://example.com/", true],
])("%s and %s", (pattern, url, isMatch) => {
  expect(matchesRoute(known(pattern), new URL(url))).toBe(isMatch);
});

test.each([
  "",
  "*",
  "example.com*",
  "ex*mple.com/*",
  "example.com/*/a",
  "ftp://example.com/",

  "example.com:80/*",
  "/a/*",
])("%o is no pattern", (text) => {
  expect(routePattern(text)).toBeUndefined();
});

test("the more specific comes first", () => {
  const ordered = [
    "https://example.com/a",
    "example.com/a",
    "example.com/api/*",
    "example.com/*",
    "*.shop.example.com/*",
    "*.example.com/*",
  ];
  expect(
    ordered
      .toReversed()
      .map(known)
      .sort(bySpecificity)
      .map(({ text }) => text),
  ).toEqual(ordered);
});
