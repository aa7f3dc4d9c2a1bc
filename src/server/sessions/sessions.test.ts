/** Logging in: a cookie for a token or a password, and all the ways in which it is worth nothing. */
import { beforeEach, expect, test } from "vitest";
import { createToken } from "../../access/tokens.ts";
import { changeUser, createUser } from "../../access/users.ts";
import { LIMITS } from "../../model/limits.ts";
import { LOCAL } from "../../model/platform/roles.ts";
import { openMemoryStore } from "../../stores/memory/open.ts";
import { fakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { openGuard, tokenGuard } from "./auth.ts";
import { sessionRoutes } from "./routes.ts";
import { orLoggedIn, Sessions } from "./sessions.ts";
import { systemIds } from "../../system/ids.ts";
import { systemClock } from "../../system/clock.ts";

const HALF_DAY_MS = 12 * 60 * 60 * 1000;

const HERE = "192.0.2.1";

const CLIENT = { address: HERE, isSecure: false };

let clock: FakeClock;
let { catalog } = openMemoryStore();
let sessions: Sessions;
let token: string;
let tokenId: string;

beforeEach(async () => {
  clock = fakeClock();
  ({ catalog } = openMemoryStore());
  sessions = new Sessions(catalog, clock, systemIds);
  const made = await createToken({ catalog, clock: systemClock, ids: systemIds }, { label: "laptop", role: "operator" });
  ({ token } = made);
  tokenId = made.record.id;
});

const guard: ReturnType<typeof orLoggedIn> = (headers, method) => orLoggedIn(tokenGuard(catalog), sessions)(headers, method);

const asCookie = (set: string): Record<string, string> => ({ cookie: `theme=dark; ${set.split(";")[0]}; other=1` });

const isLetIn = async (headers: Record<string, string>, method = "GET"): Promise<boolean> =>
  (await guard(new Headers(headers), method)) !== undefined;

const logIn = async (credentials: Parameters<Sessions["open"]>[0] = { token }, address = HERE): Promise<Record<string, string>> =>
  asCookie((await sessions.open(credentials, { address, isSecure: false })).cookie);

test("a cookie lets in a user who has logged in, as a token does", async () => {
  const { cookie: set, principal } = await sessions.open({ token }, CLIENT);
  expect(set).toMatch(/^stepwell_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
  expect(set).not.toContain(token);
  expect(principal).toEqual({ kind: "token", id: tokenId, name: "laptop", role: "operator" });
  expect(await guard(new Headers(asCookie(set)), "GET")).toEqual(principal);
  expect(await isLetIn({ authorization: `Bearer ${token}` }, "POST")).toBe(true);
  expect(await isLetIn({})).toBe(false);
  expect(await isLetIn({ cookie: `stepwell_session=${"x".repeat(43)}` })).toBe(false);
});

test("what another site's form sends changes nothing", async () => {
  const cookie = await logIn();
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    expect(await isLetIn(cookie, method)).toBe(false);
    expect(await isLetIn({ ...cookie, "x-stepwell-dashboard": "1" }, method)).toBe(true);
  }
});

test("a session ends with its token, after half a day, and when it is ended", async () => {
  const cookie = await logIn();
  clock.advance(HALF_DAY_MS - 1);
  expect(await isLetIn(cookie)).toBe(true);
  clock.advance(1);
  expect(await isLetIn(cookie)).toBe(false);

  const second = await logIn();
  expect(sessions.close(new Headers(second), false)).toContain("Max-Age=0");
  expect(await isLetIn(second)).toBe(false);

  const third = await logIn();
  await catalog.removeToken(tokenId);
  expect(await isLetIn(third)).toBe(false);
});

test("people log in by name, and their sessions end with their role, their password and themselves", async () => {
  await createUser({ catalog, clock: systemClock }, "ada", "viewer", "correct horse");
  const ada = { name: "ada", password: "correct horse" };
  const first = await logIn(ada);
  expect(await guard(new Headers(first), "GET")).toEqual({ kind: "user", id: "ada", name: "ada", role: "viewer" });
  await changeUser(catalog, "ada", { role: "operator" });
  expect(await isLetIn(first)).toBe(false);
  const second = await logIn(ada);
  await changeUser(catalog, "ada", { password: "battery staple" });
  expect(await isLetIn(second)).toBe(false);
  await expect(logIn(ada)).rejects.toMatchObject({ failure: "authentication.password" });
  const third = await logIn({ name: "ada", password: "battery staple" });
  expect(await guard(new Headers(third), "GET")).toMatchObject({ role: "operator" });
  await catalog.removeUser("ada");
  expect(await isLetIn(third)).toBe(false);
});

test("over TLS the cookie is sent over TLS alone, and no neighbouring host can set it", async () => {
  const { cookie: set } = await sessions.open({ token }, { address: HERE, isSecure: true });
  expect(set).toMatch(/^__Host-stepwell_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure$/);
  expect(await isLetIn(asCookie(set))).toBe(true);
  expect(await isLetIn(asCookie(set.replace("__Host-", "")))).toBe(false);
  // One that a neighbour has set beside it changes nothing.
  const tossed = `stepwell_session=${"x".repeat(43)}; ${set.split(";")[0]}`;
  expect(await isLetIn({ cookie: tossed })).toBe(true);
  expect(sessions.close(new Headers(asCookie(set)), true)).toMatch(/^__Host-stepwell_session=; .*Max-Age=0; Secure$/);
  expect(await isLetIn(asCookie(set))).toBe(false);
});

test("where a token is sent, a cookie does not make up for a wrong one", async () => {
  const cookie = await logIn();
  expect(await isLetIn({ ...cookie, authorization: "Bearer sw_wrong" })).toBe(false);
});

test("the oldest session makes room for one too many", async () => {
  const first = await logIn();
  const second = await logIn();
  for (let i = 2; i < LIMITS.sessions; i += 1) await logIn();
  expect(await isLetIn(first)).toBe(true);
  await logIn();
  expect(await isLetIn(first)).toBe(false);
  expect(await isLetIn(second)).toBe(true);
});

test("a client with too many failed logins has to wait for a minute; others do not", async () => {
  for (let i = 0; i < LIMITS.failedLogins; i += 1)
    await expect(logIn({ token: "sw_wrong" })).rejects.toMatchObject({ failure: "authentication.token" });
  clock.advance(59_000);
  await expect(logIn()).rejects.toMatchObject({ failure: "authentication.too_often", retryAfterMs: 1_000 });
  await expect(logIn({ token }, "192.0.2.2")).resolves.toBeDefined();
  clock.advance(1_000);
  await expect(logIn()).resolves.toBeDefined();
});

test("the routes say what is needed, log in, tell who that is, and log out", async () => {
  const app = sessionRoutes(guard, sessions);
  const asked = async (init: RequestInit = {}): Promise<Response> => app.request("/", init);
  const state = async (headers = {}): Promise<unknown> =>
    ((await (await asked({ headers })).json()) as { result: unknown }).result;
  const laptop = { needed: true, logged_in: true, name: "laptop", role: "operator" };
  expect(await state()).toEqual({ needed: true, logged_in: false });
  expect(await state({ authorization: `Bearer ${token}` })).toEqual(laptop);
  const refused = await asked({ method: "POST", body: JSON.stringify({ token: "sw_wrong" }) });
  expect([refused.status, refused.headers.get("set-cookie")]).toEqual([403, null]);
  const unknown = await asked({ method: "POST", body: JSON.stringify({ name: "ada", password: "?" }) });
  expect([unknown.status, unknown.headers.get("set-cookie")]).toEqual([403, null]);
  for (const body of ["what?", "null", "[]", '{"token":1}', '{"name":"ada"}', '{"name":"","password":""}'])
    expect((await asked({ method: "POST", body })).status).toBe(400);
  const login = await asked({ method: "POST", body: JSON.stringify({ token }) });
  expect(await login.json()).toMatchObject({ result: laptop });
  const cookie = login.headers.get("set-cookie") ?? "";
  expect(await state(asCookie(cookie))).toEqual(laptop);
  await asked({ method: "DELETE", headers: asCookie(cookie) });
  expect(await state(asCookie(cookie))).toEqual({ needed: true, logged_in: false });
});

test("where no token is needed, no login is needed", async () => {
  expect(await openGuard(new Headers(), "POST")).toEqual(LOCAL);
  expect(await (await sessionRoutes(openGuard, undefined).request("/")).json()).toMatchObject({
    result: { needed: false, logged_in: true, name: "local", role: "admin" },
  });
});

test("a password that is too long is refused for that, and never hashed", async () => {
  const app = sessionRoutes(guard, sessions);
  const login = (body: object): Promise<Response> =>
    Promise.resolve(app.request("/", { method: "POST", body: JSON.stringify(body) }));
  const most = "x".repeat(LIMITS.passwordMax);
  expect((await login({ name: "ada", password: most })).status).toBe(403);
  for (const [body, field] of [
    [{ name: "ada", password: `${most}x` }, "password"],
    [{ name: "x".repeat(LIMITS.userName + 1), password: most }, "name"],
    [{ token: "x".repeat(1_000) }, "token"],
  ] as const) {
    // Those count as attempts that are not: 20 in a minute fail as `authentication.too_often`.
    for (let i = 0; i < LIMITS.failedLogins; i += 1) expect((await login(body)).status).toBe(400);
    expect(JSON.stringify(await (await login(body)).json())).toContain(`${field}: At most`);
  }
  expect((await login({ name: "ada", password: "x".repeat(105_000_000) })).status).toBe(413);
});
