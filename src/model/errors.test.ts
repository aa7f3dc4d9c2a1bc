import { expect, test } from "vitest";
import { FAILURE_NAMES, failureKind } from "./errors.ts";

test("a code stands for one failure", () => {
  const codes = FAILURE_NAMES.map((name) => failureKind(name).code);
  expect(codes.filter((code, i) => codes.indexOf(code) !== i)).toEqual([]);
});
