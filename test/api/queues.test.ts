/** Queues over REST and in Workers: a script that sends and consumes, in a real thread. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDeploying, uploadOf, type Deploying } from "../support/deploying.ts";

let api: Deploying;

beforeEach(async () => {
  api = await openDeploying();
});
afterEach(() => api.close());

const QUEUES = "../../queues";

interface Shown {
  readonly queue_id: string;
  readonly consumers: readonly { readonly consumer_id: string }[];
}

async function create(name: string): Promise<string> {
  return ((await api.call("POST", QUEUES, { queue_name: name })).result as Shown).queue_id;
}

const WORKER = `
let seen = [];
let wake = () => {};
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/send") return Response.json(await env.LETTERS.sendBatch([{ body: { n: 1 } }, { body: "two", contentType: "text" }]).catch(String));
    while (seen.length < 2) await new Promise((resolve) => (wake = resolve));
    return Response.json(seen);
  },
  async queue({ queue, messages }) {
    seen = messages.map(({ body, attempts }) => [queue, body, attempts]);
    wake();
    if (messages[0].attempts === 1) throw new Error("the first time");
  },
};`;

const BINDINGS = { bindings: [{ type: "queue", name: "LETTERS", queue_name: "letters" }] };

test("a Worker sends to a queue and consumes it, and has what failed again", async () => {
  const id = await create("letters");
  await api.call("PUT", "shop", uploadOf(WORKER, BINDINGS));
  const consumer = { type: "worker", script_name: "shop", settings: { batch_size: 2, max_wait_time_ms: 0 } };
  expect((await api.call("POST", `${QUEUES}/${id}/consumers`, consumer)).result).toMatchObject({
    script: "shop",
    settings: { batch_size: 2, max_retries: 3, max_wait_time_ms: 0 },
  });
  expect(await api.ask("shop", "/send")).toMatchObject({ metadata: { metrics: { backlogBytes: 10 } } });
  const seen = async (attempts: number): Promise<void> => {
    const found = (await api.ask("shop")) as [string, unknown, number][];
    if (found[0]?.[2] !== attempts) return seen(attempts);
    expect(found).toEqual([
      ["letters", { n: 1 }, attempts],
      ["letters", "two", attempts],
    ]);
  };
  await seen(2);
  expect((await api.call("GET", `${QUEUES}/${id}`)).result).toMatchObject({
    queue_name: "letters",
    producers: [{ type: "worker", script: "shop" }],
    consumers: [{ type: "worker", script: "shop" }],
  });
  await api.call("DELETE", "shop");
  expect((await api.call("GET", `${QUEUES}/${id}`)).result).toMatchObject({ producers: [], consumers: [] });
});

test("a Worker that binds a missing queue is refused, and a send to a deleted queue fails", async () => {
  expect(await api.call("PUT", "shop", uploadOf(WORKER, BINDINGS))).toMatchObject({ status: 404, errors: [{ code: 11000 }] });
  const id = await create("letters");
  await api.call("PUT", "shop", uploadOf(WORKER, BINDINGS));
  expect((await api.call("GET", "shop/settings")).result).toMatchObject({ bindings: BINDINGS.bindings });
  await api.call("DELETE", `${QUEUES}/${id}`);
  expect(await api.ask("shop", "/send")).toContain('Queue "letters" not found');
});

test("queues are made, found by name, changed and deleted", async () => {
  const [a, b] = [await create("a"), await create("b")];
  const names = async (query: string): Promise<string[]> =>
    ((await api.call("GET", `${QUEUES}${query}`)).result as { queue_name: string }[]).map((each) => each.queue_name);
  expect(await names("")).toEqual(["a", "b"]);
  expect(await names("?page=2")).toEqual([]);
  expect(await names("?name=b&page=1")).toEqual(["b"]);
  expect(await names("?name=a&name=b&name=c")).toEqual(["a", "b"]);
  expect(await api.call("POST", QUEUES, { queue_name: "a" })).toMatchObject({ status: 409, errors: [{ code: 11009 }] });
  expect(await api.call("POST", QUEUES, { queue_name: "a_" })).toMatchObject({ status: 400 });
  const settings = { delivery_paused: true, message_retention_period: 60 };
  expect((await api.call("PATCH", `${QUEUES}/${a}`, { queue_name: "a", settings })).result).toMatchObject({
    settings: { delivery_delay: 0, ...settings },
  });
  expect((await api.call("PUT", `${QUEUES}/${a}`, { queue_name: "c" })).result).toMatchObject({ queue_name: "c", settings });
  for (const refused of [{ delivery_delay: 86_401 }, { message_retention_period: 59 }, { message_retention_period: 1_209_601 }])
    expect(await api.call("PATCH", `${QUEUES}/${a}`, { settings: refused })).toMatchObject({ status: 400 });
  expect(await api.call("DELETE", `${QUEUES}/${b}`)).toMatchObject({ status: 200, result: null });
  expect(await api.call("GET", `${QUEUES}/${b}`)).toMatchObject({ status: 404, errors: [{ code: 11000 }] });
});

test("a consumer is a script that there is; it is replaced and taken away by its id", async () => {
  const id = await create("letters");
  const consumers = `${QUEUES}/${id}/consumers`;
  const wanted = { type: "worker", script_name: "shop", dead_letter_queue: "dead" };
  expect(await api.call("POST", consumers, wanted)).toMatchObject({ status: 404, errors: [{ code: 10007 }] });
  await api.call("PUT", "shop", uploadOf("export default {}"));
  expect(await api.call("POST", consumers, { ...wanted, settings: { max_retries: 101 } })).toMatchObject({ status: 400 });
  expect(await api.call("POST", consumers, { ...wanted, settings: { max_wait_time_ms: 60_001 } })).toMatchObject({ status: 400 });
  const { consumer_id: own } = (await api.call("POST", consumers, wanted)).result as { consumer_id: string };
  expect((await api.call("GET", `${QUEUES}?name=dead`)).result).toHaveLength(1);
  expect(await api.call("POST", consumers, wanted)).toMatchObject({ status: 409, errors: [{ code: 11004 }] });
  await api.call("PUT", `${consumers}/${own}`, { ...wanted, settings: { max_concurrency: 250 } });
  expect((await api.call("GET", consumers)).result).toMatchObject([{ consumer_id: own, settings: { max_concurrency: 250 } }]);
  expect(await api.call("DELETE", `${consumers}/other`)).toMatchObject({ status: 404 });
  await api.call("DELETE", `${consumers}/${own}`);
  expect((await api.call("GET", consumers)).result).toEqual([]);
});

test("messages are sent, pulled, acknowledged and purged over HTTP", async () => {
  const id = await create("letters");
  const messages = `${QUEUES}/${id}/messages`;
  expect(await api.call("POST", `${messages}/pull`, {})).toMatchObject({ status: 400, errors: [{ code: 10983 }] });
  await api.call("POST", `${QUEUES}/${id}/consumers`, { type: "http_pull", settings: { visibility_timeout_ms: 60_000 } });
  expect((await api.call("POST", messages, { body: { n: 1 } })).result).toMatchObject({
    metadata: { metrics: { backlog_count: 1, backlog_bytes: 7 } },
  });
  await api.call("POST", `${messages}/batch`, { messages: [{ body: "two", content_type: "text" }, { body: "three" }] });
  expect(await api.call("POST", messages, { body: { n: 1 }, content_type: "text" })).toMatchObject({ status: 400 });
  expect(await api.call("POST", messages, {})).toMatchObject({ status: 400 });
  expect(await api.call("POST", messages, { body: "x".repeat(128_000) })).toMatchObject({ status: 400 });
  const pull = async (size: number): Promise<readonly { body: string; lease_id: string }[]> =>
    ((await api.call("POST", `${messages}/pull`, { batch_size: size })).result as { messages: [] }).messages;
  const [first, second] = await pull(2);
  expect([first?.body, second?.body]).toEqual(['{"n":1}', "two"]);
  const said = { acks: [{ lease_id: first?.lease_id }, { lease_id: "x" }], retries: [{ lease_id: second?.lease_id }] };
  expect((await api.call("POST", `${messages}/ack`, said)).result).toMatchObject({
    ackCount: 1,
    retryCount: 1,
    warnings: { x: expect.any(String) as string },
  });
  expect((await pull(5)).map(({ body }) => body)).toEqual(['"three"', "two"]);
  await api.call("POST", `${QUEUES}/${id}/purge`, { delete_messages_permanently: true });
  expect((await api.call("POST", `${messages}/pull`, {})).result).toMatchObject({ message_backlog_count: 0 });
});
