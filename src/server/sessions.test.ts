/** Logging in: a cookie for a token, and all the ways in which it is worth nothing. */
import { beforeEach, expect, test } from "vitest";
import { LIMITS } from "../model/limits.ts";
import { openMemoryStore } from "../stores/memory/open.ts";
import { createToken, openGuard, tokenGuard } from "./auth.ts";
import { sessionRoutes } from "./session-routes.ts";
import { orLoggedIn, Sessions } from "./sessions.ts";

const HALF_DAY_MS = 12 * 60 * 60 * 1000;

let now: number;
let { catalog } = openMemoryStore();
let sessions: Sessions;
let token: string;
let tokenId: string;

beforeEach(async () => {
  now = 1_000_000;
  ({ catalog } = openMemoryStore());
  sessions = new Sessions(catalog, () => now);
  const made = await createToken(catalog, "laptop");
  ({ token } = made);
  tokenId = made.record.id;
});

const asCookie = (set: string): Record<string, string> => ({ cookie: `theme=dark; ${set.split(";")[0]}; other=1` });

const isLetIn = (headers: Record<string, string>, method = "GET"): Promise<boolean> =>
  orLoggedIn(tokenGuard(catalog), sessions)(new Headers(headers), method);

test("a cookie lets in whoever has logged in, as a token does", async () => {
  const set = await sessions.open(token);
  expect(set).toMatch(/^stepwell_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
  expect(set).not.toContain(token);
  expect(await isLetIn(asCookie(set))).toBe(true);
  expect(await isLetIn({ authorization: `Bearer ${token}` }, "POST")).toBe(true);
  expect(await isLetIn({})).toBe(false);
  expect(await isLetIn({ cookie: `stepwell_session=${"x".repeat(43)}` })).toBe(false);
});

test("what another site's form sends changes nothing", async () => {
  const cookie = asCookie(await sessions.open(token));
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    expect(await isLetIn(cookie, method)).toBe(false);
    expect(await isLetIn({ ...cookie, "x-stepwell-dashboard": "1" }, method)).toBe(true);
  }
});

test("a session ends with its token, after half a day, and when it is ended", async () => {
  const cookie = asCookie(await sessions.open(token));
  now += HALF_DAY_MS - 1;
  expect(await isLetIn(cookie)).toBe(true);
  now += 1;
  expect(await isLetIn(cookie)).toBe(false);

  const second = asCookie(await sessions.open(token));
  expect(sessions.close(new Headers(second))).toContain("Max-Age=0");
  expect(await isLetIn(second)).toBe(false);

  const third = asCookie(await sessions.open(token));
  await catalog.removeToken(tokenId);
  expect(await isLetIn(third)).toBe(false);
});

test("the oldest session makes room for one too many", async () => {
  const first = asCookie(await sessions.open(token));
  const second = asCookie(await sessions.open(token));
  for (let i = 2; i < LIMITS.sessions; i += 1) await sessions.open(token);
  expect(await isLetIn(first)).toBe(true);
  await sessions.open(token);
  expect(await isLetIn(first)).toBe(false);
  expect(await isLetIn(second)).toBe(true);
});

test("who guesses is told to wait, and so is everybody, for a minute", async () => {
  for (let i = 0; i < LIMITS.failedLogins; i += 1)
    await expect(sessions.open("sw_wrong")).rejects.toMatchObject({ failure: "authentication.token" });
  await expect(sessions.open(token)).rejects.toMatchObject({ failure: "authentication.too_often" });
  now += 60_000;
  await expect(sessions.open(token)).resolves.toContain("stepwell_session");
});

test("the routes say what is needed, log in and log out", async () => {
  const app = sessionRoutes(sessions);
  const asked = async (init: RequestInit = {}): Promise<Response> => app.request("/", init);
  const state = async (headers = {}): Promise<unknown> =>
    ((await (await asked({ headers })).json()) as { result: unknown }).result;
  expect(await state()).toEqual({ needed: true, logged_in: false });
  const refused = await asked({ method: "POST", body: JSON.stringify({ token: "sw_wrong" }) });
  expect([refused.status, refused.headers.get("set-cookie")]).toEqual([403, null]);
  expect((await asked({ method: "POST", body: "what?" })).status).toBe(400);
  const cookie = (await asked({ method: "POST", body: JSON.stringify({ token }) })).headers.get("set-cookie") ?? "";
  expect(await state(asCookie(cookie))).toEqual({ needed: true, logged_in: true });
  await asked({ method: "DELETE", headers: asCookie(cookie) });
  expect(await state(asCookie(cookie))).toEqual({ needed: true, logged_in: false });
});

test("where nobody needs a token, nobody needs to log in", async () => {
  expect(await openGuard(new Headers(), "POST")).toBe(true);
  expect(await (await sessionRoutes(undefined).request("/")).json()).toMatchObject({
    result: { needed: false, logged_in: true },
  });
});
