/** Tokens: made once, kept as hashes, taken in the three ways in which Cloudflare's clients send them. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { openMemoryStore } from "../../stores/memory/open.ts";
import { createToken } from "../../access/tokens.ts";
import { LOCAL } from "../../model/platform/roles.ts";
import { openGuard, tokenGuard } from "./auth.ts";
import { systemIds } from "../../system/ids.ts";
import { systemClock } from "../../system/clock.ts";

describe("a token", () => {
  test("is kept as a hash and nothing else", async () => {
    const { catalog } = openMemoryStore();
    const { token } = await createToken({ catalog, clock: systemClock, ids: systemIds }, { label: "laptop", role: "viewer" });
    expect(token).toMatch(/^sw_[\w-]{43}$/);
    const [record, ...more] = await catalog.tokens();
    expect(more).toEqual([]);
    expect(record).toMatchObject({ label: "laptop", hash: createHash("sha256").update(token).digest("hex") });
    expect(JSON.stringify(record)).not.toContain(token);
  });

  test("is never made twice", async () => {
    const { catalog } = openMemoryStore();
    const made = await Promise.all(
      Array.from({ length: 20 }, () =>
        createToken({ catalog, clock: systemClock, ids: systemIds }, { label: "", role: "viewer" }),
      ),
    );
    expect(new Set(made.map(({ token }) => token)).size).toBe(20);
    expect(await catalog.tokens()).toHaveLength(20);
  });

  test.each([
    ["Authorization: Bearer", (token: string) => ({ authorization: `Bearer ${token}` })],
    ["authorization: bearer", (token: string) => ({ authorization: `bearer  ${token}` })],
    ["X-Auth-Key", (token: string) => ({ "x-auth-email": "ada@example.com", "x-auth-key": token })],
    ["X-Auth-User-Service-Key", (token: string) => ({ "x-auth-user-service-key": token })],
  ])("is taken as %s, and a wrong one is not", async (_, headers) => {
    const { catalog } = openMemoryStore();
    const guard = tokenGuard(catalog);
    await createToken({ catalog, clock: systemClock, ids: systemIds }, { label: "another", role: "viewer" });
    const { token, record } = await createToken(
      { catalog, clock: systemClock, ids: systemIds },
      { label: "this", role: "viewer" },
    );
    const isGood = async (text: string): Promise<boolean> => (await guard(new Headers(headers(text)), "GET")) !== undefined;
    expect(await isGood(token)).toBe(true);
    for (const wrong of [`${token}x`, token.slice(0, -1), token.toLowerCase(), "sw_", record.hash, record.id]) {
      expect(await isGood(wrong)).toBe(false);
    }
    await catalog.removeToken(record.id);
    expect(await isGood(token)).toBe(false);
  });
});

test.each([
  {},
  { authorization: "" },
  { authorization: "Bearer" },
  { authorization: "Bearer " },
  { authorization: "Basic c3c6c3c=" },
  { "x-auth-email": "ada@example.com" },
  { "x-auth-key": "" },
])("%j is no token", async (headers) => {
  const { catalog } = openMemoryStore();
  expect(await tokenGuard(catalog)(new Headers(headers), "GET")).toBeUndefined();
  await createToken({ catalog, clock: systemClock, ids: systemIds }, { label: "", role: "viewer" });
  expect(await tokenGuard(catalog)(new Headers(headers), "GET")).toBeUndefined();
});

test("the guard of a server on loopback asks for none", async () => {
  expect(await openGuard(new Headers(), "GET")).toEqual(LOCAL);
});
