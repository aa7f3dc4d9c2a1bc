/** Tokens, people, limits and the audit log over REST, as an admin uses them. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { OWN_ENDPOINTS } from "../../src/api/own/own.ts";
import { LIMITS } from "../../src/model/limits.ts";
import { LOCAL } from "../../src/model/platform/roles.ts";
import { auditEntry } from "../contracts/audit-log.ts";
import { openApi, type ApiBench } from "../support/api.ts";
import { Quick } from "../support/workflows.ts";

interface Reply {
  readonly status: number;
  readonly result: never;
  readonly result_info?: { readonly cursor?: string };
  readonly errors: readonly { readonly code: number; readonly message: string }[];
}

let api: ApiBench;

beforeEach(async () => {
  api = await openApi({ Quick });
});
afterEach(() => api.close());

/** Calls the server's own API, and checks the answer against its schema. */
async function ask(method: string, path: string, body?: unknown): Promise<Reply> {
  const response = await api.send(method, `/api/v1${path}`, body);
  const reply = (await response.json()) as Omit<Reply, "status">;
  const [plain = ""] = path.split("?");
  const found = OWN_ENDPOINTS.find(
    (each) => each.method === method.toLowerCase() && new RegExp(`^${each.path.replace(/\{\w+\}/g, "[^/]+")}$`).test(plain),
  );
  if (response.ok) found?.result.parse(reply.result);
  return { ...reply, status: response.status };
}

test("a token is shown once, listed without its secret, and revoked", async () => {
  const made = await ask("POST", "/tokens", { label: "laptop", role: "operator" });
  expect(made).toMatchObject({ status: 200, result: { label: "laptop", role: "operator" } });
  const { token, id } = made.result as { token: string; id: string };
  expect(token).toMatch(/^sw_/);
  const listed = await ask("GET", "/tokens");
  expect(listed.result).toMatchObject([{ id, label: "laptop", role: "operator" }]);
  expect(JSON.stringify(listed)).not.toContain(token);
  expect(await ask("DELETE", `/tokens/${id}`)).toMatchObject({ status: 200, result: { id } });
  expect(await ask("DELETE", `/tokens/${id}`)).toMatchObject({ status: 404, errors: [{ code: 11013 }] });
  for (const bad of [{ role: "king" }, {}, { role: "admin", label: "x".repeat(LIMITS.tokenLabel + 1) }])
    expect(await ask("POST", "/tokens", bad)).toMatchObject({ status: 400 });
  expect(await ask("POST", "/tokens", { role: "admin", label: "x".repeat(LIMITS.tokenLabel) })).toMatchObject({ status: 200 });
});

test("users are added, changed and removed, and their passwords are never in an answer", async () => {
  const ada = { name: "ada", role: "viewer", password: "correct horse" };
  expect(await ask("POST", "/users", ada)).toMatchObject({ status: 200, result: { name: "ada", role: "viewer" } });
  expect(await ask("POST", "/users", ada)).toMatchObject({ status: 409, errors: [{ code: 11011 }] });
  expect(await ask("POST", "/users", { ...ada, name: "bob", password: "short" })).toMatchObject({
    status: 400,
    errors: [{ error_chain: [{ message: expect.stringContaining("password: ") as string }] }],
  });
  expect(await ask("PATCH", "/users/ada", { role: "admin" })).toMatchObject({ result: { name: "ada", role: "admin" } });
  expect(await ask("PATCH", "/users/ada", {})).toMatchObject({ status: 400 });
  expect(await ask("PATCH", "/users/missing", { role: "admin" })).toMatchObject({ status: 404, errors: [{ code: 11012 }] });
  expect(JSON.stringify(await ask("GET", "/users"))).not.toMatch(/horse|scrypt/);
  expect(await ask("DELETE", "/users/ada")).toMatchObject({ status: 200 });
  expect(await ask("DELETE", "/users/ada")).toMatchObject({ status: 404 });
});

test("tokens and users are refused above their limits", async () => {
  for (let i = 0; i < LIMITS.tokens; i += 1)
    await api.catalog.putToken({ id: `t${i}`, label: "", hash: "", role: "viewer", createdAt: i });
  expect(await ask("POST", "/tokens", { role: "viewer" })).toMatchObject({ status: 409, errors: [{ code: 11014 }] });
  for (let i = 0; i < LIMITS.users; i += 1)
    await api.catalog.putUser({ name: `u${i}`, role: "viewer", password: "", createdAt: i });
  const one = { name: "ada", role: "viewer", password: "correct horse" };
  expect(await ask("POST", "/users", one)).toMatchObject({ status: 409, errors: [{ code: 11014 }] });
});

test("the audit log is read page by page, newest first, and filtered", async () => {
  for (let i = 1; i <= 5; i += 1) api.audit.record(auditEntry(Date.UTC(2026, 0, i), { who: LOCAL, target: `orders/${i}` }));
  api.audit.record(auditEntry(Date.UTC(2026, 0, 6), { action: "users.delete", method: "DELETE", target: "ada" }));
  const targets = ({ result }: Reply): string[] => (result as { target: string }[]).map(({ target }) => target);
  const first = await ask("GET", "/audit?per_page=4");
  expect(targets(first)).toEqual(["ada", "orders/5", "orders/4", "orders/3"]);
  const rest = await ask("GET", `/audit?per_page=4&cursor=${first.result_info?.cursor}`);
  expect(targets(rest)).toEqual(["orders/2", "orders/1"]);
  expect(rest.result_info?.cursor).toBeUndefined();
  expect(targets(await ask("GET", "/audit?who=ADA"))).toEqual(["ada"]);
  expect(targets(await ask("GET", "/audit?action=users"))).toEqual(["ada"]);
  expect(targets(await ask("GET", "/audit?from=2026-01-02T00:00:00Z&to=2026-01-03T00:00:00Z"))).toEqual(["orders/2"]);
  expect(first.result).toMatchObject([
    { who: { name: "Ada" }, time: "2026-01-06T00:00:00.000Z", action: "users.delete" },
    {},
    {},
    {},
  ]);
  for (const bad of ["per_page=0", "cursor=x", "from=yesterday", "who="])
    expect(await ask("GET", `/audit?${bad}`)).toMatchObject({ status: 400 });
});

test("a change over REST is in the log with who, what, from where and how it ended", async () => {
  await api.send("POST", "/client/v4/accounts/local/workflows/Quick/instances", { instance_id: "q", params: "4111" });
  await api.send("PATCH", "/client/v4/accounts/local/workflows/Quick/instances/q/status", { status: "nonsense" });
  await api.send("PATCH", "/client/v4/accounts/local/workflows/Quick/instances/none/status", { status: "pause" });
  const { result } = await ask("GET", "/audit");
  expect(result).toMatchObject([
    { action: "workflows.instances.pause", target: "Quick/none", status: 404 },
    { action: "workflows.instances.status.change", target: "Quick/q", status: 400, code: 10002 },
    { who: LOCAL, method: "POST", action: "workflows.instances.create", target: "Quick/q", status: 200, code: null },
  ]);
  expect(JSON.stringify(result)).not.toContain("4111");
});

test("limits and settings are listed with their units", async () => {
  const { result } = await ask("GET", "/limits");
  expect(result).toHaveLength(Object.keys(LIMITS).length);
  expect(result).toEqual(
    expect.arrayContaining([
      { name: "waitMs", value: LIMITS.waitMs, unit: "ms" },
      { name: "valueBytes", value: LIMITS.valueBytes, unit: "bytes" },
      { name: "queueDelaySeconds", value: LIMITS.queueDelaySeconds, unit: "s" },
      { name: "retries", value: LIMITS.retries, unit: "count" },
    ]),
  );
  expect(await ask("GET", "/settings")).toMatchObject({ status: 200, result: {} });
});
