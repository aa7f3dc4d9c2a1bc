/** The official SDK, as its documentation says to use it, against a server process. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { loadSdk, type Sdk } from "./support/clients.ts";
import { PROJECT } from "./support/clients-project.ts";
import { makeProject, startServer, type Project, type Server } from "./support/server.ts";

const sdk = loadSdk();
const account = { account_id: "local" };

let project: Project;
let server: Server;
let client: Sdk;
let sent: string[];

beforeAll(async () => {
  project = await makeProject(PROJECT);
  server = await startServer(["dev", project.folder, "--port", "0", "--quiet"]);
  client = new sdk.default({
    apiToken: "any",
    baseURL: `${server.url}/client/v4`,
    fetch: (url: string, init: RequestInit) => {
      sent.push(`${init.method ?? "GET"} ${url}`);
      return fetch(url, init);
    },
  });
});
beforeEach(() => {
  sent = [];
});
afterAll(async () => {
  await server.stop();
  await project.remove();
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Waits on the stream of events for the n-th of a kind. */
async function happens(workflow: string, id: string, type: string): Promise<void> {
  const url = `${server.url}/client/v4/accounts/local/workflows/${workflow}/instances/${id}/subscribe?filter=${type}`;
  const response = await fetch(url, { headers: { accept: "text/event-stream" } });
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
}

describe("lists end", () => {
  test("of workflows", async () => {
    const names = (await all(client.workflows.list({ ...account, per_page: 1 }))).map(({ name }) => name);
    expect(names.toSorted()).toEqual(["dynamic", "every", "sleeper", "undone", "unused"]);
    expect(sent).toHaveLength(6);
  });

  test("of instances", async () => {
    const body = Array.from({ length: 7 }, (_, i) => ({ instance_id: `listed-${i}` }));
    expect(await all(client.workflows.instances.bulk("sleeper", { ...account, body }))).toHaveLength(7);
    const listed = await all(client.workflows.instances.list("sleeper", { ...account, per_page: 3 }));
    expect(listed.map(({ id }) => id).toSorted()).toEqual(body.map(({ instance_id: id }) => id));
  });

  test("of versions", async () => {
    expect(await all(client.workflows.versions.list("every", { ...account, per_page: 1 }))).toHaveLength(1);
  });
});

test("the account, its membership, the user and the token are what the types say", async () => {
  const account = { id: "local", name: "local", type: "standard" };
  expect(await all(client.accounts.list())).toEqual([account]);
  expect(await all(client.memberships.list())).toMatchObject([{ status: "accepted", account }]);
  expect(await client.user.get()).toMatchObject({ email: expect.any(String) as string });
  expect(await client.user.tokens.verify()).toMatchObject({ status: "active" });
});

test("a Worker of the newer resources is made, given versions, deployed, changed and deleted", async () => {
  const { workers } = client.workers.beta;
  const module = {
    name: "index.js",
    content_type: "application/javascript+module",
    content_base64: Buffer.from("export default { fetch: () => new Response('from the SDK') };").toString("base64"),
  };
  const version = { ...account, main_module: "index.js", compatibility_date: "2026-11-01", modules: [module], bindings: [] };
  const worker = await workers.create({ ...account, name: "made", tags: ["a"] });
  expect(worker.deployed_on).toBeNull();
  const first = await workers.versions.create(worker.id, version);
  const versions = [{ version_id: first.id, percentage: 100 }];
  await client.workers.scripts.deployments.create("made", { ...account, strategy: "percentage", versions });
  expect(await (await fetch(`${server.url}/workers/made/`)).text()).toBe("from the SDK");
  const second = await workers.versions.create(worker.id, { ...version, deploy: true });
  expect((await all(workers.versions.list(worker.id, account))).map(({ id }) => id)).toEqual([second.id, first.id]);
  const read = await workers.versions.get(second.id, { ...account, worker_id: worker.id, include: "modules" });
  expect(read).toMatchObject({ main_module: "index.js", modules: [module] });
  await workers.versions.delete(first.id, { ...account, worker_id: worker.id });
  expect((await workers.edit(worker.id, { ...account, tags: ["b"] })).tags).toEqual(["b"]);
  expect((await workers.update(worker.id, { ...account, name: "made" })).tags).toEqual([]);
  expect((await all(workers.list(account))).map(({ id }) => id)).toContain("made");
  await workers.delete(worker.id, account);
  await expect(workers.get(worker.id, account)).rejects.toBeInstanceOf(sdk.NotFoundError);
});

test("schedules are put, and shown with their next boundary", async () => {
  const before = await client.workflows.get("unused", account);
  expect(before).not.toHaveProperty("schedules");
  const { class_name: className, script_name: script } = before;
  const same = { ...account, class_name: className, script_name: script };
  await client.workflows.update("unused", { ...same, schedules: [{ cron: "0 0 29 2 *" }] });
  const { schedules } = await client.workflows.get("unused", account);
  expect(schedules).toEqual([{ cron: "0 0 29 2 *", next_instance: expect.stringMatching(/-02-29T00:00:00\.000Z$/) as string }]);
  await client.workflows.update("unused", same);
  expect(await client.workflows.get("unused", account)).not.toHaveProperty("schedules");
});

test("an instance goes from creation to its output, and its steps are read in full", async () => {
  const instances = client.workflows.instances;
  const at = { ...account, workflow_name: "every" };
  expect(await instances.create("every", { ...account, instance_id: "e", params: JSON.stringify({ a: 1 }) })).toMatchObject({
    id: "e",
    status: "queued",
  });
  await happens("every", "e", "wait_started");
  await instances.events.create("answer", { ...at, instance_id: "e", body: { yes: true } });
  await happens("every", "e", "workflow_completed");
  const log = await instances.get("e", at);
  expect(log.status).toBe("complete");
  expect(JSON.parse(String(log.output))).toEqual({ length: 6_000, answer: { yes: true }, params: { a: 1 } });
  expect(log.steps[0]?.output).toBe(`"${"x".repeat(1_023)}[truncated output]`);
  const query = { ...at, name: "long-1", type: "step" };
  expect(await instances.step("e", query)).toEqual({ status: "complete", error: null, output: "x".repeat(6_000) });
  const response = await instances.step("e", query).asResponse();
  expect(response.headers.get("content-type")).toContain("application/json");
  expect(await instances.step("e", { ...query, name: "flaky-1", attempt: 1 })).toMatchObject({
    status: "errored",
    error: { message: "first time" },
  });
});

test("the status is edited", async () => {
  const at = { ...account, workflow_name: "sleeper" };
  await client.workflows.instances.create("sleeper", { ...account, instance_id: "edited" });
  await happens("sleeper", "edited", "workflow_waiting");
  const edit = async (status: string): Promise<string> =>
    (await client.workflows.instances.status.edit("edited", { ...at, status })).status;
  expect(await edit("pause")).toBe("paused");
  expect(await edit("resume")).toBe("queued");
  expect(await edit("terminate")).toBe("terminated");
  sent = [];
  await expect(edit("terminate")).rejects.toBeInstanceOf(sdk.ConflictError);
  // It is not asked again: the answer says that this is of no use.
  expect(sent).toHaveLength(1);
  expect(await edit("restart")).toBe("queued");
});

test("a workflow is put, read and deleted", async () => {
  const put = await client.workflows.update("fresh", { ...account, class_name: "Sleeper", script_name: "clients" });
  expect(put).toMatchObject({ name: "fresh" });
  expect(await client.workflows.versions.get(put.version_id, { ...account, workflow_name: "fresh" })).toMatchObject({
    class_name: "Sleeper",
  });
  expect((await client.workflows.get("fresh", account)).instances).toMatchObject({ running: 0, rollingBack: 0 });
  expect(await client.workflows.delete("fresh", account)).toMatchObject({ status: "ok" });
  await expect(client.workflows.get("fresh", account)).rejects.toBeInstanceOf(sdk.NotFoundError);
});

test("failures are the classes that the SDK documents, with our codes", async () => {
  await expect(client.workflows.get("missing", account)).rejects.toMatchObject({ status: 404, errors: [{ code: 10200 }] });
  const at = { ...account, workflow_name: "every" };
  await expect(client.workflows.instances.get("missing", at)).rejects.toMatchObject({ status: 404, errors: [{ code: 10400 }] });
  await expect(client.workflows.instances.create("every", { ...account, instance_id: "a b" })).rejects.toBeInstanceOf(
    sdk.BadRequestError,
  );
  // The SDK sends no body at all here, and says that it is JSON.
  await expect(client.workflows.instances.events.create("x", { ...at, instance_id: "missing" })).rejects.toMatchObject({
    status: 400,
    errors: [{ code: 10002 }],
  });
  await expect(client.workflows.instances.get("*/5 * * * *-1", at)).rejects.toBeInstanceOf(sdk.NotFoundError);
});
