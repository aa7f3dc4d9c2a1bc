/** Events over WebSockets: real connections on loopback, refusals that can be read, and ends in every direction. */
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LOCAL } from "../../src/model/platform/roles.ts";
import { openGuard } from "../../src/server/sessions/auth.ts";
import { openApi, type ApiBench } from "../support/api.ts";
import { connect, Refused, type Client } from "../support/sockets.ts";
import { Quick, Secretive, Sleeper } from "../support/workflows.ts";
import type { WorkflowStep } from "../../src/runtime/cloudflare/workers.ts";

class Waiter {
  async run(_: unknown, step: WorkflowStep): Promise<void> {
    await step.waitForEvent("go", { type: "go" });
  }
}

/** Returns more than a socket buffers, again and again. */
class Chatty {
  async run(_: unknown, step: WorkflowStep): Promise<void> {
    for (let i = 0; i < 40; i += 1) await step.do("talk", () => "x".repeat(500_000));
  }
}

const WORKFLOWS = "/client/v4/accounts/local/workflows";

let api: ApiBench;
let base: string;

const open = async (guard = openGuard): Promise<void> => {
  api = await openApi({ Quick, Sleeper, Secretive, Waiter, Chatty }, guard);
  base = (await api.listen()).url + WORKFLOWS;
};
beforeEach(() => open());
afterEach(() => api.close());

const create = (workflow: string, id: string): Promise<unknown> =>
  api.call("POST", `/workflows/${workflow}/instances`, { instance_id: id });

const follow = (path: string, options?: Parameters<typeof connect>[1]): Promise<Client> =>
  connect(`${base}/${path}`, { headers: { authorization: "Bearer right" }, ...options });

const types = ({ frames }: Client): string[] => frames.map(({ type }) => type);

const QUICK = [
  "workflow_queued",
  "workflow_started",
  "workflow_running",
  "step_started",
  "attempt_started",
  "attempt_completed",
  "step_completed",
  "workflow_completed",
];

test("history comes first, then what happens, and the last event closes with 1000", async () => {
  await create("Waiter", "w");
  await api.reaches({ workflow: "Waiter", id: "w" }, "waiting");
  const client = await follow("Waiter/instances/w/subscribe");
  await client.until((frames) => frames.length === 5);
  await api.call("POST", "/workflows/Waiter/instances/w/events/go", {});
  expect(await client.closed).toBe(1000);
  expect(types(client).slice(3)).toEqual([
    "wait_started",
    "workflow_waiting",
    "workflow_running",
    "wait_completed",
    "workflow_completed",
  ]);
  expect(client.frames.map(({ eventId }) => eventId)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(client.frames[3]).toEqual({
    instanceId: "w",
    eventId: 4,
    timestamp: expect.any(Number) as number,
    type: "wait_started",
    stepName: "go-1",
    eventType: "go",
  });
});

test.each([
  ["", QUICK],
  ["?cursor=6", QUICK.slice(6)],
  ["?cursor=8", []],
  ["?cursor=900", []],
  ["?filter=step_started", ["step_started"]],
  ["?filter=step_started&filter=workflow_completed&cursor=4", ["workflow_completed"]],
])("a subscription to a finished instance with %s sends its events and closes", async (query, expected) => {
  await create("Quick", "q");
  await api.reaches({ workflow: "Quick", id: "q" }, "complete");
  const client = await follow(`Quick/instances/q/subscribe${query}`);
  expect(await client.closed).toBe(1000);
  expect(types(client)).toEqual(expected);
});

test("the end closes also whom the filter keeps it from", async () => {
  await create("Sleeper", "s");
  const client = await follow("Sleeper/instances/s/subscribe?filter=workflow_queued");
  await client.until((frames) => frames.length === 1);
  await api.reaches({ workflow: "Sleeper", id: "s" }, "waiting");
  await api.call("PATCH", "/workflows/Sleeper/instances/s/status", { status: "terminate" });
  expect(await client.closed).toBe(1000);
  expect(types(client)).toEqual(["workflow_queued"]);
});

test("a deletion closes", async () => {
  await create("Sleeper", "s");
  const client = await follow("Sleeper/instances/s/subscribe");
  await client.until((frames) => frames.length > 0);
  await api.call("DELETE", "/workflows/Sleeper/instances/s");
  expect(await client.closed).toBe(1000);
});

test.each([
  ["Quick/instances/missing/subscribe", 404, 10400],
  ["Nothing/instances/q/subscribe", 404, 10200],
  ["Nothing/subscribe", 404, 10200],
  ["Quick/instances/q/subscribe?cursor=-1", 400, 10002],
  ["Quick/instances/q/subscribe?cursor=1&cursor=2", 400, 10002],
  ["Quick/instances/q/subscribe?filter=event_received", 400, 10002],
  ["Quick/instances/q/unsubscribe", 404, 10900],
])("%s is refused before the handshake", async (path, status, code) => {
  await create("Quick", "q");
  const refused = await follow(path).catch((cause: unknown) => cause);
  expect(refused).toBeInstanceOf(Refused);
  expect(refused).toMatchObject({ status });
  expect(JSON.parse((refused as Refused).body)).toMatchObject({ success: false, errors: [{ code }], result: null });
});

test("a client without a token, or from a page of another site, is refused", async () => {
  await api.close();
  await open((headers) => Promise.resolve(headers.get("authorization") === "Bearer right" ? LOCAL : undefined));
  await expect(follow("Quick/instances/q/subscribe", { headers: {} })).rejects.toMatchObject({ status: 401 });
  const wrong = { headers: { authorization: "Bearer wrong" } };
  await expect(follow("Quick/instances/q/subscribe", wrong)).rejects.toMatchObject({ status: 403 });
  await expect(follow("Quick/instances/q/subscribe", { origin: "https://evil.example" })).rejects.toMatchObject({ status: 403 });
  const named = { headers: { authorization: "Bearer right", host: "evil.example" } };
  await expect(follow("Quick/instances/q/subscribe", named)).rejects.toMatchObject({ status: 403 });
  await expect(follow("Quick/instances/q/subscribe")).rejects.toMatchObject({ status: 404 });
});

test("messages from a client are ignored, and one that is too large closes with 1009", async () => {
  await create("Sleeper", "s");
  const client = await follow("Sleeper/instances/s/subscribe");
  client.socket.send("hello");
  await client.until((frames) => frames.length > 0);
  client.socket.send("x".repeat(5_000));
  expect(await client.closed).toBe(1009);
});

test("a client that does not answer pings is disconnected, and one that does is not", async () => {
  await create("Sleeper", "s");
  const [silent, there] = [
    await follow("Sleeper/instances/s/subscribe", { autoPong: false }),
    await follow("Sleeper/instances/s/subscribe"),
  ];
  const pinged = once(there.socket, "ping");
  api.clock.advance(30_000);
  await pinged;
  // Its answer has to be back before the next look.
  const again = once(there.socket, "pong");
  there.socket.ping();
  await again;
  api.clock.advance(30_000);
  expect(await silent.closed).toBe(1006);
  expect((await api.listen()).sockets).toBe(1);
  there.socket.close();
  await there.closed;
});

test("a client that does not read costs at most a buffer, and gets all events when it reads again", async () => {
  await create("Chatty", "c");
  const client = await follow("Chatty/instances/c/subscribe");
  client.socket.pause();
  await api.reaches({ workflow: "Chatty", id: "c" }, "complete");
  client.socket.resume();
  expect(await client.closed).toBe(1000);
  expect(client.frames.map(({ eventId }) => eventId)).toEqual(client.frames.map((_, i) => i + 1));
  expect(types(client).filter((type) => type === "step_completed")).toHaveLength(40);
});

test("a workflow tells of all its instances from now on, and keeps secrets", async () => {
  await create("Secretive", "before");
  await api.reaches({ workflow: "Secretive", id: "before" }, "complete");
  const client = await follow("Secretive/subscribe?filter=step_completed&filter=workflow_queued");
  await Promise.all([create("Secretive", "a"), create("Secretive", "b"), create("Quick", "other")]);
  await client.until((frames) => frames.length === 4);
  expect(client.frames.map(({ instanceId, type, output }) => `${instanceId} ${type} ${String(output)}`).toSorted()).toEqual([
    "a step_completed [REDACTED]",
    "a workflow_queued undefined",
    "b step_completed [REDACTED]",
    "b workflow_queued undefined",
  ]);
  client.socket.close();
  await client.closed;
});

test("a server that stops closes its sockets with 1001, and does not wait for a client that hangs", async () => {
  await create("Sleeper", "s");
  const clients = [
    await follow("Sleeper/instances/s/subscribe"),
    await follow("Sleeper/subscribe"),
    await follow("Sleeper/instances/s/subscribe"),
  ];
  clients[2]?.socket.pause();
  const closing = api.close();
  expect(await Promise.all(clients.slice(0, 2).map(({ closed }) => closed))).toEqual([1001, 1001]);
  await closing;
  clients[2]?.socket.terminate();
  await open();
});

test("a request that asks for another protocol is answered as if it had not", async () => {
  const { url } = await api.listen();
  const { request } = await import("node:http");
  const asked = request(`${url}/healthz`, { headers: { connection: "upgrade", upgrade: "h2c" } }).end();
  const [response] = (await once(asked, "response")) as [{ statusCode: number; resume(): void }];
  expect(response.statusCode).toBe(200);
  response.resume();
});
