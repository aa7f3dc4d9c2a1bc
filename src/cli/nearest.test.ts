import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

const OPTIONS = ["port", "ip", "host", "persist-to", "inspector-port", "var", "verbose"];

test.each([
  ["prot", "port"],
  ["ports", "port"],
  ["presist-to", "persist-to"],
  ["inspect-port", "inspector-port"],
  ["vars", "var"],
  ["persistto", "persist-to"],
  ["nonsense", undefined],
  ["x", undefined],
])("--%s probably means %s", (typed, meant) => {
  expect(nearest(typed, OPTIONS)).toBe(meant);
});
