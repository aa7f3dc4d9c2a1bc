/**
 * Queues and cron triggers as their users see them: stock wrangler makes queues and deploys a Worker that sends, consumes, and
 * starts an instance for each message, in workerd. The server is killed in the middle. Each test goes on where the one
 * before it stopped.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { wranglerIn } from "../support/clients.ts";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const CONFIG = {
  name: "post-office",
  main: "src/index.ts",
  compatibility_date: "2026-11-01",
  workflows: [{ name: "reading", binding: "READING", class_name: "Reading" }],
  triggers: { crons: ["0 0 1 1 *"] },
  queues: {
    producers: [{ binding: "LETTERS", queue: "letters" }],
    consumers: [
      { queue: "letters", max_batch_size: 10, max_batch_timeout: 1, max_retries: 1, dead_letter_queue: "dead-letters" },
    ],
  },
};

const WORKER = `
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

interface Letter { id: string }

export class Reading extends WorkflowEntrypoint<Env, Letter> {
  async run(event: WorkflowEvent<Letter>, step: WorkflowStep) {
    return step.do("read", async () => event.payload.id);
  }
}

let ticks: string[] = [];

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === "/ticks") return Response.json(ticks);
    const ids = (url.searchParams.get("ids") ?? "").split(",");
    await env.LETTERS.sendBatch(ids.map((id) => ({ body: { id } })));
    return Response.json(ids.length);
  },
  async queue(batch: MessageBatch<Letter>, env: Env): Promise<void> {
    for (const message of batch.messages) {
      if (message.body.id.startsWith("poison")) {
        message.retry();
        continue;
      }
      // Delivered at least once: the id sees to it that once is what happens.
      await env.READING.createBatch([{ id: message.body.id, params: message.body }]);
      message.ack();
    }
  },
  async scheduled(controller: ScheduledController): Promise<void> {
    ticks.push(controller.cron);
  },
} satisfies ExportedHandler<Env, Letter>;
`;

let project: Project;
let data: Project;
let server: Server;
let token: string;
let run: ReturnType<typeof wranglerIn>;

beforeAll(async () => {
  project = await makeProject({
    "wrangler.json": JSON.stringify(CONFIG),
    "package.json": '{ "name": "post-office", "private": true }',
    "src/index.ts": WORKER,
  });
  data = await makeProject({});
  server = await startServer(["serve", "--executor", "workerd", "--data", data.folder, "--port", "0"]);
  token = await server.firstToken();
  run = wranglerIn(project.folder, {
    CLOUDFLARE_API_BASE_URL: `${server.url}/client/v4`,
    CLOUDFLARE_API_TOKEN: token,
    CLOUDFLARE_ACCOUNT_ID: "local",
  });
});
afterAll(async () => {
  await server.stop();
  await project.remove();
  await data.remove();
});

/** What a command prints that must succeed. */
async function ok(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

async function api(method: string, path: string, body?: unknown): Promise<never> {
  const init: RequestInit = { method, headers: { authorization: `Bearer ${token}` } };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await fetch(`${server.url}/client/v4/accounts/local${path}`, init);
  expect(response.status).toBe(200);
  return ((await response.json()) as { result: never }).result;
}

const worker = async (path: string): Promise<unknown> => (await fetch(`${server.url}/workers/post-office${path}`)).json();

async function idOf(queue: string): Promise<string> {
  const [found] = (await api("GET", `/queues?name=${queue}`)) as { queue_id: string }[];
  return found?.queue_id ?? "";
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds()));
}

async function completed(): Promise<number> {
  return ((await api("GET", "/workflows/reading")) as { instances: { complete: number } }).instances.complete;
}

test("a queue is made once, and a Worker deployed that sends to it and consumes it", async () => {
  expect(await ok("queues", "create", "letters")).toContain("Created queue 'letters'");
  const { code, stdout, stderr } = await run(["queues", "create", "letters"]);
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain("A queue with this name already exists [code: 11009]");
  const deployed = await ok("deploy");
  for (const shown of ["Consumer for letters", "Producer for letters", "schedule: 0 0 1 1 *"]) expect(deployed).toContain(shown);
  expect(await ok("queues", "list")).toContain("dead-letters");
  const info = await ok("queues", "info", "letters");
  for (const shown of ["worker:post-office", "Number of Producers: 1", "Number of Consumers: 1"]) expect(info).toContain(shown);
  expect(await api("GET", "/workers/scripts/post-office/schedules")).toMatchObject({ schedules: [{ cron: "0 0 1 1 *" }] });
});

const LETTERS = 200;

test("each message becomes an instance, although the server is killed in the middle", async () => {
  const ids = Array.from({ length: LETTERS }, (_, i) => `letter-${i}`);
  const send = (some: readonly string[]): Promise<unknown> => worker(`/send?ids=${some.join(",")}`);
  await Promise.all([send(ids.slice(0, 50)), send(ids.slice(50, 100))]);
  await until(async () => (await completed()) > 0);
  await server.kill();
  const { port } = new URL(server.url);
  server = await startServer(["serve", "--executor", "workerd", "--data", data.folder, "--port", port]);
  await send(ids.slice(100, 150));
  await server.kill();
  server = await startServer(["serve", "--executor", "workerd", "--data", data.folder, "--port", port]);
  await send(ids.slice(150));
  await until(async () => (await completed()) === LETTERS);
  const backlog = (await api("POST", `/queues/${await idOf("letters")}/messages`, { body: { id: "letter-0" } })) as object;
  expect(backlog).toMatchObject({ metadata: { metrics: { backlog_count: 1 } } });
});

test("a message that keeps failing goes to the dead letter queue, from which it is pulled", async () => {
  await ok("queues", "consumer", "http", "add", "dead-letters");
  await worker("/send?ids=poison-1,letter-again");
  const dead = await idOf("dead-letters");
  let pulled: { body: string; lease_id: string }[] = [];
  await until(async () => {
    pulled = ((await api("POST", `/queues/${dead}/messages/pull`, {})) as { messages: typeof pulled }).messages;
    return pulled.length > 0;
  });
  expect(pulled.map(({ body }) => JSON.parse(body) as unknown)).toEqual([{ id: "poison-1" }]);
  const acks = pulled.map(({ lease_id: lease }) => ({ lease_id: lease }));
  expect(await api("POST", `/queues/${dead}/messages/ack`, { acks })).toMatchObject({ ackCount: 1 });
  await until(async () => (await completed()) === LETTERS + 1);
});

test("the project is deployed again, and its queues are paused, purged and deleted", async () => {
  await ok("deploy");
  await ok("queues", "pause-delivery", "letters");
  await worker("/send?ids=never");
  expect(await ok("queues", "purge", "letters", "--force")).toContain("Purged");
  await ok("queues", "resume-delivery", "letters");
  await ok("queues", "update", "letters", "--delivery-delay-secs", "5");
  expect(await api("GET", `/queues/${await idOf("letters")}`)).toMatchObject({
    settings: { delivery_delay: 5, delivery_paused: false, message_retention_period: 345_600 },
  });
  await ok("queues", "consumer", "remove", "letters", "post-office");
  await ok("queues", "consumer", "http", "remove", "dead-letters");
  await ok("queues", "consumer", "worker", "add", "dead-letters", "post-office", "--batch-size", "5");
  expect(await ok("queues", "consumer", "list", "dead-letters")).toContain("post-office");
  await ok("queues", "delete", "dead-letters");
  expect(await ok("queues", "list")).not.toContain("dead-letters");
});

test("in dev queues are made by their names, and handlers can be called by hand", async () => {
  const own = await startServer(["dev", project.folder, "--executor", "workerd", "--port", "0"]);
  const ask = async (path: string): Promise<string> => (await fetch(`${own.url}/workers/post-office${path}`)).text();
  await ask("/send?ids=a,b");
  await until(async () => {
    const { result } = await own.call("GET", "/workflows/reading");
    return (result as { instances: { complete: number } }).instances.complete === 2;
  });
  expect(await ask("/cdn-cgi/handler/scheduled?cron=by+hand")).toBe("ok");
  expect(await ask("/ticks")).toBe('["by hand"]');
  expect(await own.stop()).toBe(0);
});
