/** Stock `wrangler tail` against a server: an event for each invocation, in both formats, and every one of its filters. */
import type { ChildProcess } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { wranglerIn } from "../support/clients.ts";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const CONFIG = JSON.stringify({
  name: "shop",
  main: "src/index.ts",
  compatibility_date: "2026-11-01",
  upload_source_maps: true,
  workflows: [{ name: "orders", binding: "ORDERS", class_name: "Orders" }],
});

const WORKER = `
import { WorkflowEntrypoint, type WorkflowStep } from "cloudflare:workers";

export class Orders extends WorkflowEntrypoint {
  async run(event: unknown, step: WorkflowStep) {
    console.log("order begins");
    await step.do("charge", async () => console.warn("charged", { total: 5 }));
  }
}

export default {
  async fetch(request: Request, env: { ORDERS: Workflow }): Promise<Response> {
    const { pathname } = new URL(request.url);
    console.log("asked", { path: pathname });
    if (pathname === "/throws") await (async () => { await scheduler.wait(1); throw new RangeError("too far"); })();
    if (pathname === "/order") await env.ORDERS.create({ id: "order-1" });
    return new Response("hello", { status: 201 });
  },
};
`;

let project: Project;
let data: Project;
let server: Server;
let run: ReturnType<typeof wranglerIn>;

beforeAll(async () => {
  project = await makeProject({ "wrangler.json": CONFIG, "src/index.ts": WORKER });
  data = await makeProject({});
  server = await startServer(["serve", "--data", data.folder, "--port", "0"]);
  run = wranglerIn(project.folder, {
    CLOUDFLARE_API_BASE_URL: `${server.url}/client/v4`,
    CLOUDFLARE_API_TOKEN: await server.firstToken(),
    CLOUDFLARE_ACCOUNT_ID: "local",
  });
  const { code, stderr } = await run(["deploy"]);
  expect([code, stderr]).toEqual([0, ""]);
});
afterAll(async () => {
  await server.stop();
  await project.remove();
  await data.remove();
});

async function ask(path: string, init: RequestInit = {}): Promise<void> {
  await (await fetch(`${server.url}/workers/shop${path}`, init)).text();
}

/** What `wrangler tail` prints until it has printed all of this. `act` is called once it is connected. */
async function tailed(args: readonly string[], act: () => Promise<void>, ...until: readonly RegExp[]): Promise<string> {
  let printed = "";
  let isActing = false;
  const listen = (child: ChildProcess): void => {
    const hear = (chunk: Buffer): void => {
      printed += chunk.toString();
      if (!isActing && printed.includes("waiting for logs")) {
        isActing = true;
        void act();
      }
      if (until.every((text) => text.test(printed))) child.kill("SIGINT");
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
  };
  await run(["tail", "--format", "pretty", ...args], "", listen);
  return printed;
}

test("a request, what it has written, and what it has thrown in which line, are one event", async () => {
  const act = async (): Promise<void> => {
    await ask("/hello");
    await ask("/throws");
  };
  const printed = await tailed([], act, /too far[^]*at /);
  expect(printed).toMatch(/GET http:\/\/\S+\/hello - Ok @ .*\n {2}\(log\) asked \{ path: '\/hello' \}\n/);
  expect(printed).toMatch(/GET http:\/\/\S+\/throws - Exception Thrown @ .*\n {2}\(log\) asked \{ path: '\/throws' \}\n/);
  expect(printed).toMatch(
    /RangeError: too far\S*\s+at src\/index\.ts:15:\d+\n +at async Object\.fetch \(src\/index\.ts:15:\d+\)/,
  );
  expect(printed).not.toContain("Unknown Event");
});

test("so are an instance and its steps", async () => {
  const printed = await tailed([], () => ask("/order"), /order-1\.run/);
  expect(printed).toMatch(/orders\/order-1\.run - Ok @ .*\n {2}\(log\) order begins\n {2}\(warn\) charged \{ total: 5 \}\n/);
  expect(printed).not.toContain("Unknown Event");
});

test.each([
  [["--method", "PUT"], "wanted"],
  [["--header", "x-client:b"], "wanted"],
  [["--search", "/wanted"], "wanted"],
  [["--ip", "self", "--ip", "192.0.2.7", "--method", "PUT"], "wanted"],
  [["--status", "error"], "throws"],
])("%j leaves out what is not so", async (filters, wanted) => {
  const act = async (): Promise<void> => {
    await ask("/hello", { headers: { "x-client": "a" } });
    await ask("/wanted", { method: "PUT", headers: { "x-client": "abc" } });
    await ask("/throws");
  };
  const printed = await tailed(filters, act, new RegExp(`/${wanted} - `));
  expect(printed.match(/(?<=\/)\w+(?= - )/g)).toEqual([wanted]);
});

test("as JSON it is what Cloudflare sends", async () => {
  let printed = "";
  const asking = new AbortController();
  const events = (): { readonly event: unknown }[] =>
    (printed.match(/^\{$[^]*?^\}$/gm) ?? []).map((text) => JSON.parse(text) as { readonly event: unknown });
  await run(["tail", "--format", "json", "--sampling-rate", "0.999999"], "", (child) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
      if (!events().some(({ event }) => event !== null)) return;
      asking.abort();
      child.kill("SIGINT");
    });
    // It does not say when it is connected.
    const again = (): Promise<void> => (asking.signal.aborted ? Promise.resolve() : ask("/json").then(again));
    void again();
  });
  // What was asked before it was connected has no event.
  expect(events().find(({ event }) => event !== null)).toMatchObject({
    scriptName: "shop",
    scriptVersion: { id: expect.any(String) as unknown },
    event: {
      request: { method: "GET", url: expect.stringMatching(/\/json$/) as unknown, headers: {} },
      response: { status: 201 },
    },
    eventTimestamp: expect.any(Number) as unknown,
    outcome: "ok",
    logs: [{ level: "log", message: ["asked", { path: "/json" }], timestamp: expect.any(Number) as unknown }],
    exceptions: [],
    wallTime: expect.any(Number) as unknown,
  });
});
