import fc from "fast-check";
import { expect, test } from "vitest";
import { readHeaderRules, readRedirects } from "./rules.ts";
import { LIMITS } from "../../limits.ts";

test("redirects have a path, a place and perhaps a status; patterns keep their order", () => {
  const { rules, passedOver } = readRedirects(`
# a comment
/old /new
/gone https://other.test/x?y#z 301   # and another
/blog/* /news/:splat 308
/people/:name /team/:name 200
/late /behind-patterns
`);
  expect(rules.staticRules).toEqual({
    "/old": { status: 302, to: "/new", lineNumber: 3 },
    "/gone": { status: 301, to: "https://other.test/x?y#z", lineNumber: 4 },
  });
  expect(Object.entries(rules.rules)).toEqual([
    ["/blog/*", { status: 308, to: "/news/:splat" }],
    ["/people/:name", { status: 200, to: "/team/:name" }],
    ["/late", { status: 302, to: "/behind-patterns" }],
  ]);
  expect(passedOver).toEqual([]);
});

test.each([
  "/only-a-path",
  "/a /b 302 /c",
  "old /new",
  "/a new",
  "/a http://plain.test/",
  "/a /b 404",
  "/a /b 200!",
  "/a https://other.test/ 200",
  "/* /index.html 200",
  "/app/ /app/index",
  "/first /twice",
  `/${"x".repeat(LIMITS.assetRuleCharacters)} /y`,
])("a redirect is passed over, and the others count: %s", (line) => {
  const { rules, passedOver } = readRedirects(`/first /kept\n${line}\n/last /kept`);
  expect(passedOver.map(({ line: number }) => number)).toEqual([2]);
  expect(Object.keys(rules.staticRules)).toEqual(["/first", "/last"]);
});

test("there may be so many redirects, and not one more", () => {
  const fixed = Array.from({ length: LIMITS.assetRedirects + 1 }, (_, i) => `/${i} /to`);
  const patterns = Array.from({ length: LIMITS.assetRedirectPatterns + 1 }, (_, i) => `/p${i}/* /to`);
  const { rules, passedOver } = readRedirects([...fixed, ...patterns].join("\n"));
  expect(Object.keys(rules.staticRules)).toHaveLength(LIMITS.assetRedirects);
  expect(Object.keys(rules.rules)).toHaveLength(LIMITS.assetRedirectPatterns);
  expect(passedOver.map(({ line }) => line)).toEqual([LIMITS.assetRedirects + 1, fixed.length + patterns.length]);
});

test("headers are set, joined and taken away", () => {
  const { rules, passedOver } = readHeaderRules(`
/*
  X-Frame-Options: DENY
  Link: </a>; rel=preload
  Link: </b>; rel=preload
/static/:name
  ! X-Frame-Options
https://shop.test/*
  X-Robots-Tag: noindex
/nothing
`);
  expect(rules.rules).toEqual({
    "/*": { set: { "x-frame-options": "DENY", link: "</a>; rel=preload, </b>; rel=preload" }, unset: [] },
    "/static/:name": { set: {}, unset: ["x-frame-options"] },
    "https://shop.test/*": { set: { "x-robots-tag": "noindex" }, unset: [] },
  });
  expect(passedOver).toEqual([]);
});

test("what is no header, or of no path, is passed over", () => {
  const { rules, passedOver } = readHeaderRules(
    "X-Early: 1\n/a\n  no colon\n  : no name\n  a b: c\n  X-Empty:\n  X-Kept: 1\n/*/*\n  X: 1",
  );
  expect(rules.rules).toEqual({ "/a": { set: { "x-kept": "1" }, unset: [] } });
  expect(passedOver.map(({ line }) => line)).toEqual([1, 3, 4, 5, 6, 8]);
});

test("there may be so many paths with headers, and not one more", () => {
  const lines = Array.from({ length: LIMITS.assetHeaderRules + 1 }, (_, i) => `/${i}\n  X-N: ${i}`);
  const { rules, passedOver } = readHeaderRules(lines.join("\n"));
  expect([Object.keys(rules.rules).length, passedOver.length]).toEqual([LIMITS.assetHeaderRules, 1]);
});

test("no text breaks it, and every line is taken or passed over once", () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom("/a /b", "/a/* /b 301", "/x", "  X: y", "! X", "__proto__ /x", "/__proto__ /x"),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = lines.map((each) => each.replaceAll("\n", " ")).join("\n");
      const { rules, passedOver } = readRedirects(text);
      const said = text.split("\n").filter((each) => each.trim() !== "" && !each.trim().startsWith("#"));
      const taken = Object.keys(rules.staticRules).length + Object.keys(rules.rules).length;
      expect(taken + passedOver.length).toBe(said.length);
      readHeaderRules(text);
    }),
  );
});

test("a line of spaces is read at once, and its comment left out", () => {
  const spaces = " ".repeat(LIMITS.assetRuleCharacters - 10);
  const { rules, passedOver } = readRedirects(`${`/a${spaces}b\n`.repeat(2_000)}/c /d 301${spaces.slice(10)}# e`);
  expect(rules.staticRules).toEqual({ "/c": { status: 301, to: "/d", lineNumber: 2_001 } });
  expect(passedOver).toHaveLength(2_000);
});
