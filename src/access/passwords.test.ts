/** Passwords: what is kept of them tells nothing, and only they fit it. */
import { expect, test } from "vitest";
import { LIMITS } from "../model/limits.ts";
import { openMemoryStore } from "../stores/memory/open.ts";
import { hashPassword, isPassword } from "./passwords.ts";
import { changeUser, createUser, userOf } from "./users.ts";
import { systemClock } from "../system/clock.ts";

test("only the password fits its hash, and two hashes of one differ", async () => {
  const [first, second] = await Promise.all([hashPassword("correct horse"), hashPassword("correct horse")]);
  expect(first).toMatch(/^scrypt\$32768\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
  expect(first).not.toBe(second);
  expect(
    await Promise.all(["correct horse", "correct Horse", "", "correct horse "].map((text) => isPassword(text, first))),
  ).toEqual([true, false, false, false]);
});

test("no password is right for an unknown user, and checking takes the same work", async () => {
  expect(await isPassword("", undefined)).toBe(false);
  expect(await isPassword("correct horse", undefined)).toBe(false);
});

test("a text typed in two ways is one password", async () => {
  expect(await isPassword("cafe\u0301 au lait", await hashPassword("caf\u00e9 au lait"))).toBe(true);
});

test("an older hash that cost less still fits", async () => {
  const { scryptSync } = await import("node:crypto");
  const salt = Buffer.from("0123456789abcdef");
  const key = scryptSync("correct horse", salt, 32, { N: 1024, r: 8, p: 1 });
  const kept = `scrypt$1024$8$1$${salt.toString("base64url")}$${key.toString("base64url")}`;
  expect(await isPassword("correct horse", kept)).toBe(true);
  expect(await isPassword("battery staple", kept)).toBe(false);
});

test("names and passwords have limits, and names are given once", async () => {
  const { catalog } = openMemoryStore();
  const good = "x".repeat(LIMITS.passwordMin);
  for (const name of ["", "-a", "a b", "a/b", "a".repeat(LIMITS.userName + 1)])
    await expect(createUser({ catalog, clock: systemClock }, name, "viewer", good)).rejects.toMatchObject({
      failure: "body",
      field: "name",
    });
  for (const password of ["", good.slice(1), "x".repeat(LIMITS.passwordMax + 1)])
    await expect(createUser({ catalog, clock: systemClock }, "ada", "viewer", password)).rejects.toMatchObject({
      failure: "body",
      field: "password",
    });
  await createUser({ catalog, clock: systemClock }, "a".repeat(LIMITS.userName), "viewer", "x".repeat(LIMITS.passwordMax));
  await createUser({ catalog, clock: systemClock }, "ada@example.com", "viewer", good);
  await expect(createUser({ catalog, clock: systemClock }, "ada@example.com", "admin", good)).rejects.toMatchObject({
    failure: "access.user_exists",
  });
  await expect(changeUser(catalog, "unknown", { role: "admin" })).rejects.toMatchObject({ failure: "access.no_user" });
  expect(await userOf(catalog, "ada@example.com", good)).toMatchObject({ role: "viewer" });
  expect(await userOf(catalog, "unknown", good)).toBeUndefined();
});
