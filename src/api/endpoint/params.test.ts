import { expect, test } from "vitest";
import { Failure } from "../../model/failures/failure.ts";
import { checkParam, UNNAMED_ACCOUNT } from "./params.ts";

const CLOUDFLARES = "0123456789abcdef0123456789abcdef";

test("an account's id from Cloudflare means the one account, unless that has an id of its own", () => {
  checkParam("account_id", UNNAMED_ACCOUNT, UNNAMED_ACCOUNT);
  checkParam("account_id", CLOUDFLARES, UNNAMED_ACCOUNT);
  checkParam("account_id", "staging", "staging");
  expect(() => checkParam("account_id", CLOUDFLARES, "staging")).toThrow(Failure);
  expect(() => checkParam("account_id", UNNAMED_ACCOUNT, "staging")).toThrow(Failure);
  expect(() => checkParam("account_id", `${CLOUDFLARES}0`, UNNAMED_ACCOUNT)).toThrow(Failure);
});
