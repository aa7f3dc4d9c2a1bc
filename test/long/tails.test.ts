/** Clients that tail a Worker get one event for each invocation, with all that it has written. */
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TailEvent } from "../../src/workers/logs/tail-event.ts";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const WORKER = `
import { WorkflowEntrypoint } from "cloudflare:workers";
let hanging = 0;
export class Main extends WorkflowEntrypoint {
  async run({ payload }, step) {
    console.log("begins", payload);
    await step.do("talk", async () => console.log("in a step"));
    await step.do("fail", { retries: { limit: 0, delay: 1 } }, async () => { throw new TypeError("no tea"); }).catch(() => {});
    console.warn("ends");
  }
}
export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/quiet") return new Response(JSON.stringify(ctx.props));
    if (pathname === "/hanging") return new Response(String(hanging));
    if (pathname === "/throws") throw new RangeError("too far");
    console.log("order", { id: 1, paid: true }, [2]);
    if (pathname === "/run") return Response.json({ id: (await env.WF.create({ params: { of: "tea" } })).id });
    if (pathname === "/send") await env.QUEUE.send("tea");
    if (pathname === "/hangs") hanging += 1;
    if (pathname === "/hangs") await new Promise(() => setTimeout(() => {}, 600_000));
    if (pathname === "/later") ctx.waitUntil(scheduler.wait(20).then(() => console.log("later")));
    if (pathname === "/late-throw") ctx.waitUntil(scheduler.wait(20).then(() => { throw new Error("too late"); }));
    console.error("answers");
    return new Response("hello", { status: 201 });
  },
  async scheduled({ cron }) { console.log("rings", cron); },
  async queue(batch) { console.log("got", batch.messages[0].body); throw new Error("do not want"); },
};
`;

const CONFIG = JSON.stringify({
  name: "shop",
  main: "index.js",
  compatibility_date: "2026-11-01",
  workflows: [{ binding: "WF", name: "orders", class_name: "Main" }],
  queues: {
    producers: [{ binding: "QUEUE", queue: "goods" }],
    consumers: [{ queue: "goods", max_batch_timeout: 0, max_retries: 0 }],
  },
});

/** Reads a tail of the Worker. */
interface Tail {
  /** The next event that is like this; those before it are left out. */
  find(is: (event: TailEvent) => boolean): Promise<TailEvent>;
  readonly all: readonly TailEvent[];
  close(): void;
}

async function tailOf(server: Server, filters: readonly object[] = []): Promise<Tail> {
  const { result } = await server.call("POST", "/workers/scripts/shop/tails", { filters });
  const { id } = result as { id: string };
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/tails/${id}`, "trace-v1");
  const all: TailEvent[] = [];
  let look = (): void => {};
  socket.addEventListener("message", ({ data }: { data: Blob | string }) => {
    void new Response(data).text().then((text) => {
      all.push(JSON.parse(text) as TailEvent);
      look();
    });
  });
  await once(socket, "open");
  return {
    all,
    close: () => socket.close(),
    find: (is) =>
      new Promise((resolve) => {
        look = () => {
          const found = all.find(is);
          if (found !== undefined) resolve(found);
        };
        look();
      }),
  };
}

describe.each(["workerd", "node"])("with the executor %s", (executor) => {
  let project: Project;
  let server: Server;

  beforeAll(async () => {
    project = await makeProject({ "wrangler.json": CONFIG, "index.js": WORKER });
    server = await startServer(["dev", project.folder, "--port", "0", "--executor", executor, "--test-scheduled"]);
  });
  afterAll(async () => {
    await server.kill();
    await project.remove();
  });

  function tail(filters?: readonly object[]): Promise<Tail> {
    return tailOf(server, filters);
  }

  function ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${server.url}/workers/shop${path}`, init);
  }

  const isOf =
    (path: string) =>
    ({ event }: TailEvent): boolean =>
      event !== null && "request" in event && new URL(event.request.url).pathname === path;

  test("a request is one event, with method, URL, headers, status, and what it has written as values", async () => {
    const following = await tail();
    await ask("/hello?a=b", { method: "PUT", headers: { "x-client": "a", authorization: "Bearer secret" } });
    const event = await following.find(isOf("/hello"));
    expect(event).toMatchObject({
      scriptName: "shop",
      scriptVersion: { id: expect.any(String) as unknown },
      outcome: "ok",
      event: {
        request: {
          method: "PUT",
          url: expect.stringMatching(/\/hello\?a=b$/) as unknown,
          headers: { "x-client": "a", authorization: "REDACTED", "cf-connecting-ip": "127.0.0.1" },
        },
        response: { status: 201 },
      },
      logs: [
        { level: "log", message: ["order", { id: 1, paid: true }, [2]] },
        { level: "error", message: ["answers"] },
      ],
      exceptions: [],
    });
    expect(following.all).toHaveLength(1);
    following.close();
  });

  test("so is one that writes nothing, and it sees nothing of that", async () => {
    const following = await tail();
    expect(await (await ask("/quiet")).text()).toBe("{}");
    expect(await following.find(isOf("/quiet"))).toMatchObject({ outcome: "ok", event: { response: { status: 200 } }, logs: [] });
    following.close();
  });

  test("an invocation ends when its waitUntil promises have", async () => {
    const following = await tail();
    await ask("/later");
    expect((await following.find(isOf("/later"))).logs.map(({ message }) => message[0])).toEqual(["order", "answers", "later"]);
    await ask("/late-throw");
    expect(await following.find(isOf("/late-throw"))).toMatchObject({
      outcome: "exception",
      exceptions: [{ message: "too late" }],
    });
    following.close();
  });

  test("an exception is in its event once", async () => {
    const following = await tail();
    await ask("/throws");
    expect(await following.find(isOf("/throws"))).toMatchObject({
      outcome: "exception",
      logs: [],
      exceptions: [{ name: "RangeError", message: "too far", stack: expect.stringContaining("index.js:17") as unknown }],
    });
    following.close();
  });

  test("a request whose client disconnects is canceled", async () => {
    const following = await tail();
    const gone = new AbortController();
    const asked = ask("/hangs", { signal: gone.signal }).catch(() => undefined);
    while ((await (await ask("/hanging")).text()) !== "1");
    gone.abort();
    await asked;
    expect(await following.find(isOf("/hangs"))).toMatchObject({
      outcome: "canceled",
      logs: [{ message: ["order", { id: 1 }, [2]] }],
    });
    following.close();
  });

  test("a run of an instance is one event, with what its steps have written and thrown", async () => {
    const following = await tail();
    const { id } = (await (await ask("/run")).json()) as { id: string };
    const event = await following.find(({ entrypoint }) => entrypoint === `orders/${id}`);
    expect(event).toMatchObject({
      event: { rpcMethod: "run", workflow: "orders", instance: id },
      outcome: "exception",
      logs: [{ message: ["begins", { of: "tea" }] }, { message: ["in a step"] }, { level: "warn", message: ["ends"] }],
      exceptions: [{ name: "TypeError", message: "no tea" }],
    });
    following.close();
  });

  test("cron triggers and batches of queues are events", async () => {
    const following = await tail();
    await ask("/cdn-cgi/handler/scheduled?cron=*+*+*+*+*");
    expect(await following.find(({ event }) => event !== null && "cron" in event)).toMatchObject({
      event: { cron: "* * * * *", scheduledTime: expect.any(Number) as unknown },
      outcome: "ok",
      logs: [{ message: ["rings", "* * * * *"] }],
    });
    await ask("/send");
    expect(await following.find(({ event }) => event !== null && "queue" in event)).toMatchObject({
      event: { queue: "goods", batchSize: 1 },
      outcome: "exception",
      logs: [{ message: ["got", "tea"] }],
      exceptions: [{ name: "Error", message: "do not want" }],
    });
    following.close();
  });

  test("filters see the whole event", async () => {
    const filters = [
      { method: ["PUT"] },
      { header: { key: "X-Client", query: "b" } },
      { client_ip: ["self"] },
      { query: "answ" },
    ];
    const following = await tail(filters);
    await ask("/hello?1", { headers: { "x-client": "ab" } });
    await ask("/hello?2", { method: "PUT" });
    await ask("/quiet", { method: "PUT", headers: { "x-client": "ab" } });
    await ask("/hello?3", { method: "PUT", headers: { "x-client": "abc" } });
    expect((await following.find(isOf("/hello"))).event).toMatchObject({
      request: { url: expect.stringMatching(/\?3$/) as unknown },
    });
    expect(following.all).toHaveLength(1);
    following.close();
  });
});

const OBJECTS = `
import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  async fetch(request) {
    console.log("counts");
    await this.ctx.storage.setAlarm(Date.now());
    return new Response(String(Object.getOwnPropertyNames(Counter.prototype)), { status: 202 });
  }
  alarm() { console.log("rings"); throw new Error("no more"); }
}
export default {
  async fetch(request, env) {
    console.log("asks");
    return env.COUNTER.get(env.COUNTER.idFromName("a")).fetch("http://counter/x");
  },
};
`;

test("requests to a Durable Object and its alarms are events of its class", async () => {
  const config = {
    name: "shop",
    main: "index.js",
    compatibility_date: "2026-11-01",
    durable_objects: { bindings: [{ name: "COUNTER", class_name: "Counter" }] },
    migrations: [{ tag: "1", new_sqlite_classes: ["Counter"] }],
  };
  const project = await makeProject({ "wrangler.json": JSON.stringify(config), "index.js": OBJECTS });
  const server = await startServer(["dev", project.folder, "--port", "0"]);
  try {
    const following = await tailOf(server);
    expect(await (await fetch(`${server.url}/workers/shop/count`)).text()).toBe("constructor,fetch,alarm");
    expect(await following.find(({ event }) => event !== null && "scheduledTime" in event)).toMatchObject({
      entrypoint: "Counter",
      outcome: "exception",
      logs: [{ message: ["rings"] }],
      exceptions: [{ message: "no more" }],
    });
    const requests = following.all.filter(({ event }) => event !== null && "request" in event);
    expect(requests).toMatchObject([
      {
        entrypoint: "Counter",
        event: { request: { url: "http://counter/x" }, response: { status: 202 } },
        logs: [{ message: ["counts"] }],
      },
      { event: { request: { method: "GET" }, response: { status: 202 } }, logs: [{ message: ["asks"] }] },
    ]);
    following.close();
  } finally {
    await server.kill();
    await project.remove();
  }
});
