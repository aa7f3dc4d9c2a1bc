/** Modules that come as JSON are refused before anything is made of them. */
import { expect, test } from "vitest";
import { LIMITS } from "../../model/limits.ts";
import { jsonUpload } from "./json-upload.ts";

const part = (name: string): Record<string, string> => ({ name, content_type: "text/plain", content_base64: "" });

const wrong = (modules: readonly unknown[]): unknown =>
  jsonUpload.safeParse({ modules }).error?.issues.map(({ path, message }) => [path, message]);

test("too many are refused without a look at them", () => {
  const unread = Object.defineProperty({}, "name", { get: () => expect.unreachable("It has been looked at") });
  const most = LIMITS.uploadModules + 2;
  expect(wrong(Array(100_001).fill(unread))).toEqual([[["modules"], expect.stringContaining(`${most}`)]]);
  expect(wrong(Array.from({ length: most }, (_, i) => part(`${i}`)))).toBeUndefined();
});

test("two of one name are refused by it", () => {
  expect(wrong([part("a"), part("b"), part("a")])).toEqual([[["modules", 2, "name"], 'The module name "a" is used twice']]);
});
