import { expect, test } from "vitest";
import { isRole, mayAct, ROLES } from "./roles.ts";

test("each role may do what the ones before it may, and no more", () => {
  ROLES.forEach((role, i) => ROLES.forEach((needed, j) => expect(mayAct(role, needed)).toBe(i >= j)));
  expect(mayAct("observer", "viewer")).toBe(false);
  expect(mayAct("admin", "operator")).toBe(true);
});

test("nothing else is a role", () => {
  expect(["observer", "viewer", "operator", "admin"].every(isRole)).toBe(true);
  expect(["", "Admin", "root", "toString"].some(isRole)).toBe(false);
});
