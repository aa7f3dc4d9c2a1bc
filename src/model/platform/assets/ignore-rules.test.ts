/** Which paths `.assetsignore` leaves out, by the rules of `.gitignore`. */
import { expect, test } from "vitest";
import { ignoredBy } from "./ignore-rules.ts";

test.each([
  ["secret.txt", ["secret.txt", "a/secret.txt"], ["secret.txt.bak", "notsecret.txt"]],
  ["/secret.txt", ["secret.txt"], ["a/secret.txt"]],
  ["lib", ["lib", "lib/a.js", "a/lib/b/c.js"], ["libs/a.js"]],
  ["lib/", ["lib/a.js", "a/lib/b.js"], ["lib"]],
  ["a/b", ["a/b", "a/b/c"], ["x/a/b"]],
  ["*.map", ["a.map", "b/.map", "b/c.map"], ["a.map.js"]],
  ["**/*.test.js", ["a.test.js", "b/c/a.test.js"], ["a.js"]],
  ["a/**/b", ["a/b", "a/x/y/b"], ["b"]],
  ["docs/**", ["docs/a", "docs/a/b"], ["docs"]],
  ["?.js", ["a.js"], ["ab.js"]],
  ["[ab].js", ["a.js"], ["c.js"]],
  ["[!ab].js", ["c.js"], ["a.js"]],
  ["*\n!keep.txt", ["a.txt"], ["keep.txt"]],
  ["lib\n!lib/keep.txt", ["lib/keep.txt"], []],
  ["# a comment\n\n\\#file\na\\ b  ", ["#file", "a b"], ["# a comment"]],
  ["(x)+.js", ["(x)+.js"], ["xx.js"]],
  ["[a-c]x[!0-9]", ["axb", "cx-"], ["dxb", "ax5"]],
  ["[z-a]", [], ["a", "z", "-"]],
  ["[", ["["], ["a"]],
  ["a**b", ["ab", "axxb"], ["a/b"]],
  ["a/**/b/**/c", ["a/b/c", "a/x/b/y/z/c"], ["a/c", "ab/c"]],
  ["**/b", ["b", "a/b"], ["ab"]],
  [`${"*a".repeat(30)}c`, [], ["a".repeat(250)]],
])("%j", (text, ignored, served) => {
  const isIgnored = ignoredBy(text);
  expect(ignored.filter((path) => !isIgnored(path))).toEqual([]);
  expect(served.filter((path) => isIgnored(path))).toEqual([]);
});
