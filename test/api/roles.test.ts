/**
 * Every endpoint there is, asked by each role: refused when the role is too low, with nothing changed; and no observer is ever
 * shown a payload. Endpoints that are added are in it by themselves.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { EXPLORER_ENDPOINTS } from "../../src/api/explorer/explorer.ts";
import type { Endpoint } from "../../src/api/endpoint/endpoint.ts";
import { OWN_ENDPOINTS } from "../../src/api/own/own.ts";
import { ENDPOINTS } from "../../src/api/cloudflare/rest.ts";
import { createToken } from "../../src/access/tokens.ts";
import { createUser } from "../../src/access/users.ts";
import { HIDDEN } from "../../src/model/views/hidden.ts";
import { isRole, mayAct, ROLES, type Principal, type Role } from "../../src/model/platform/roles.ts";
import type { WorkflowStep } from "../../src/runtime/cloudflare/workers.ts";
import { openApi, type ApiBench } from "../support/api.ts";
import { systemIds } from "../../src/system/ids.ts";
import { systemClock } from "../../src/system/clock.ts";

const SECRET = "the-payload-4111";

/** Says it everywhere where user code can. */
class Talker {
  async run({ payload }: { payload: unknown }, step: WorkflowStep): Promise<unknown> {
    console.log(SECRET);
    const made = await step.do("make", () => ({ payload, text: SECRET }));
    await step.do("stream", () => new Response(SECRET.repeat(10)).body);
    await step.do("undo", () => SECRET, { rollback: async () => {} });
    const { payload: sent } = await step.waitForEvent("wait", { type: "go", timeout: "1 hour" });
    return { made, sent };
  }
}

/** The same, and its errors are seen: they say what went wrong. */
class Failing {
  async run(_: unknown, step: WorkflowStep): Promise<void> {
    await step.do("break", { retries: { limit: 0, delay: 1 } }, () => {
      throw new TypeError("card refused");
    });
  }
}

let api: ApiBench;
let password: string;

const as = (role: Role | "unknown"): Record<string, string> => ({ authorization: `Bearer ${role}` });

const guard = (headers: Headers): Promise<Principal | undefined> => {
  const role = headers.get("authorization")?.slice("Bearer ".length) ?? "";
  return Promise.resolve(isRole(role) ? { kind: "token", id: role, name: role, role } : undefined);
};

const REST = "/client/v4/accounts/local";
const TALKED = `${REST}/workflows/Talker/instances/t`;

const send = (role: Role, method: string, path: string, body?: unknown, headers = {}): Promise<Response> =>
  api.send(method, path, body, { ...as(role), ...headers });

beforeAll(async () => {
  api = await openApi({ Talker, Failing }, guard);
  await send("admin", "POST", `${REST}/workflows/Talker/instances`, { instance_id: "t", params: { card: SECRET } });
  await send("admin", "POST", `${REST}/workflows/Failing/instances`, { instance_id: "f" });
  await api.reaches({ workflow: "Talker", id: "t" }, "waiting");
  await send("admin", "POST", `${TALKED}/events/go`, { by: SECRET });
  await api.reaches({ workflow: "Talker", id: "t" }, "complete");
  await api.reaches({ workflow: "Failing", id: "f" }, "errored");
  await createToken({ catalog: api.catalog, clock: systemClock, ids: systemIds }, { label: "laptop", role: "viewer" });
  ({ password } = await createUser({ catalog: api.catalog, clock: systemClock }, "ada", "viewer", SECRET));
});
afterAll(() => api.close());

/** Names of things that are there. */
const THERE: Readonly<Record<string, string>> = {
  account_id: "local",
  workflow_name: "Talker",
  instance_id: "t",
  script_name: "script",
  version_id: "Talker-v1",
  event_type: "go",
  user_name: "ada",
};

const QUERY: Readonly<Record<string, string>> = { "/step": "?name=make-1&type=step" };

const APIS: readonly (readonly [prefix: string, endpoints: readonly Endpoint[]])[] = [
  ["/client/v4", ENDPOINTS],
  ["/api/v1", OWN_ENDPOINTS],
  ["/cdn-cgi/local/explorer/api", EXPLORER_ENDPOINTS],
];

const ALL = APIS.flatMap(([prefix, endpoints]) =>
  endpoints.map((each) => [`${each.method} ${prefix}${each.path}`, prefix, each] as const),
);

/** The address of an endpoint, of what is there or of what is not. */
function pathOf(prefix: string, { path }: Endpoint, isThere: boolean): string {
  const end = Object.entries(QUERY).find(([tail]) => path.endsWith(tail))?.[1] ?? "";
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    isThere || name === "account_id" ? (THERE[name] ?? "none") : "nothing-there",
  );
  return `${prefix}${filled}${end}`;
}

const headersOf = ({ path }: Endpoint): Record<string, string> =>
  path.endsWith("/subscribe") ? { accept: "text/event-stream" } : {};

async function ask(role: Role | "unknown", prefix: string, each: Endpoint, isThere: boolean): Promise<Response> {
  const body = each.method === "get" ? undefined : "{}";
  return api.send(each.method.toUpperCase(), pathOf(prefix, each, isThere), body, { ...as(role), ...headersOf(each) });
}

/** Everything that there is to change. */
async function everything(): Promise<string> {
  const { catalog, store } = api;
  const found = await Promise.all([
    catalog.tokens(),
    catalog.users(),
    catalog.workflows({ offset: 0, limit: 100 }),
    catalog.timetable(),
    catalog.resources("kv"),
    catalog.setting("account"),
    store.list({ workflow: "Talker", direction: "asc", limit: 100, offset: 0 }),
    (await send("admin", "GET", `${REST}/queues`)).text(),
    (await send("admin", "GET", `${REST}/workers/scripts`)).text(),
    (await send("admin", "GET", `${REST}/workflows/concurrency`)).text(),
    (await send("admin", "GET", `${REST}/workflows/settings`)).text(),
  ]);
  return JSON.stringify(found);
}

test.each(ALL)("%s refuses roles that lack the permission, and accepts the others", async (_, prefix, each) => {
  const { needs } = each;
  if (needs === "own") {
    expect((await ask("unknown", prefix, each, true)).status).toBe(400);
    return;
  }
  expect([401, 403]).toContain((await ask("unknown", prefix, each, true)).status);
  const before = await everything();
  for (const role of ROLES.filter((role) => !mayAct(role, needs))) {
    const refused = await ask(role, prefix, each, true);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain(`This request requires the role ${needs}; your role is ${role}`);
  }
  expect(await everything()).toBe(before);
  for (const role of ROLES.filter((role) => mayAct(role, needs))) {
    const response = await ask(role, prefix, each, each.method === "get");
    expect(response.status).not.toBe(401);
    // What is whole, and not looked into, no observer gets: that is the other test's.
    if (role !== "observer") expect(response.status).not.toBe(403);
    await response.body?.cancel();
  }
});

/** A stream of news has no end, and a test of its own. */
const READ = ALL.filter(([, , { method, path }]) => method === "get" && !path.endsWith("{workflow_name}/subscribe"));

test.each(READ)("%s shows an observer no payloads", async (_, prefix, each) => {
  expect(await (await ask("observer", prefix, each, true)).text()).not.toContain(SECRET);
});

test("an observer sees that there are payloads, and what went wrong", async () => {
  const read = async (path: string): Promise<unknown> =>
    ((await (await send("observer", "GET", path)).json()) as { result: unknown }).result;
  expect(await read(TALKED)).toMatchObject({
    status: "complete",
    params: HIDDEN,
    output: HIDDEN,
    steps: [
      { name: "make-1", type: "step", success: true, output: HIDDEN, config: { timeout: "10 minutes" } },
      { name: "stream-1", output: HIDDEN },
      { name: "undo-1", output: HIDDEN },
      { name: "wait-1", type: "waitForEvent", event_type: "go", output: HIDDEN },
    ],
  });
  expect(await read(`${TALKED}/step?name=make-1&type=step`)).toEqual({ status: "complete", error: null, output: HIDDEN });
  expect(await read(`${REST}/workflows/Failing/instances/f`)).toMatchObject({
    error: { name: "TypeError", message: "card refused" },
    output: null,
  });
  const local = "/cdn-cgi/local/explorer/api/workflows";
  expect(await read(local)).toEqual(expect.arrayContaining([{ name: "Talker", class_name: "Talker", script_name: "script" }]));
  expect(await read(`${local}/Talker/instances/t`)).toMatchObject({ status: "complete", params: HIDDEN, output: HIDDEN });
});

test("a viewer sees them, and changes nothing", async () => {
  expect(await (await send("viewer", "GET", TALKED)).text()).toContain(SECRET);
  expect(await (await send("viewer", "GET", `${TALKED}/step?name=stream-1&type=step`)).text()).toBe(SECRET.repeat(10));
  expect((await send("observer", "GET", `${TALKED}/step?name=stream-1&type=step`)).status).toBe(403);
  expect((await send("viewer", "PATCH", `${TALKED}/status`, { status: "restart" })).status).toBe(403);
});

test("events reach observers without payloads: what has been, and what comes", async () => {
  const accept = { accept: "text/event-stream" };
  const past = await (await send("observer", "GET", `${TALKED}/subscribe`, undefined, accept)).text();
  expect(past).toContain('"type":"workflow_completed"');
  expect(past).toContain(`"output":${JSON.stringify(HIDDEN)}`);
  expect(past).not.toContain(SECRET);
  const whole = await (await send("viewer", "GET", `${TALKED}/subscribe`, undefined, accept)).text();
  expect(whole).toContain(SECRET);

  const news = await send("observer", "GET", `${REST}/workflows/Talker/subscribe`, undefined, accept);
  const reader = news.body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = reader?.read();
  await send("operator", "POST", `${REST}/workflows/Talker/instances`, { instance_id: "second", params: SECRET });
  let seen = (await first)?.value ?? "";
  while (!seen.includes("wait_started")) seen += (await reader?.read())?.value ?? "";
  await reader?.cancel();
  expect(seen).toContain(`"params":${JSON.stringify(HIDDEN)}`);
  expect(seen).not.toContain(SECRET);
  expect(JSON.stringify(await (await send("observer", "GET", "/api/v1/openapi.json")).json())).not.toContain(SECRET);
});

test("every request for a change is in the audit log, without its payload", async () => {
  const entries = await api.audit.list({ limit: 100_000 });
  const text = JSON.stringify(entries);
  expect(text).not.toContain(SECRET);
  expect(text).not.toContain(password);
  const refused = entries.find(({ action, who }) => action === "workflows.instances.terminate" && who?.role === "viewer");
  expect(refused).toMatchObject({ method: "PUT", target: "Talker", status: 403, code: 11010, who: { name: "viewer" } });
  expect(
    entries.find(({ action, target }) => action === "workflows.instances.create" && target === "Talker/second"),
  ).toMatchObject({
    who: { role: "operator" },
    status: 200,
    code: null,
  });
  expect(entries.filter(({ who }) => who === null).length).toBeGreaterThan(10);
  expect(entries.every(({ method }) => method !== "GET")).toBe(true);
});
