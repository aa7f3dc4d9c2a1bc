import { expect, test } from "vitest";
import { FAILURE_NAMES, failureKind } from "./failure.ts";

/** Cloudflare's products count their codes apart: this is a Worker that is not there, and to R2 an object. */
const SHARED = "r2.object_not_found";

test("a code stands for one failure", () => {
  const codes = FAILURE_NAMES.filter((name) => name !== SHARED).map((name) => failureKind(name).code);
  expect(codes.filter((code, i) => codes.indexOf(code) !== i)).toEqual([]);
});
