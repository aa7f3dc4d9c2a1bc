/** The REST API of a server process, over connections that stay open. */
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeProject, startServer, type Server } from "../../test/support/server.ts";
import { percentile, type Benchmark } from "../row.ts";
import { WORKER, WORKFLOWS } from "../workflows.ts";

const CONNECTIONS = 16;

/** Works against a server that has the benchmark's Worker. */
async function withServer<T>(work: (server: Server, agent: Agent) => Promise<T>): Promise<T> {
  const project = await makeProject({
    "wrangler.json": JSON.stringify({
      name: "bench",
      main: "index.js",
      compatibility_date: "2026-11-01",
      workflows: WORKFLOWS.map((name) => ({ name, binding: name.toUpperCase(), class_name: name })),
    }),
    "index.js": WORKER,
  });
  const data = await mkdtemp(join(tmpdir(), "stepwell-bench-"));
  const server = await startServer(["dev", project.folder, "--port", "0", "--quiet", "--executor", "node", "--data", data]);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  try {
    return await work(server, agent);
  } finally {
    agent.destroy();
    await server.stop();
    await project.remove();
    await rm(data, { recursive: true });
  }
}

function post(server: Server, agent: Agent, path: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${server.url}/client/v4/accounts/local${path}`,
      { agent, method: "POST", headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) } },
      (response) => {
        response.resume();
        response.once("end", () => (response.statusCode === 200 ? resolve() : reject(new Error(`HTTP ${response.statusCode}`))));
      },
    );
    sent.once("error", reject);
    sent.end(body);
  });
}

/** Requests a second, with one in flight on each connection. */
async function rate(server: Server, agent: Agent, path: string, total: number, body: string): Promise<number> {
  let left = total;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (left > 0) {
        left -= 1;
        await post(server, agent, path, body);
      }
    }),
  );
  return (total * 1_000) / (performance.now() - start);
}

/** Milliseconds from the request that creates an instance to its last event on a stream that is open already. */
async function createToComplete(server: Server, agent: Agent, id: string): Promise<number> {
  const url = `${server.url}/client/v4/accounts/local/workflows/Steps/instances/${id}/subscribe?filter=workflow_completed`;
  const start = performance.now();
  await post(server, agent, "/workflows/Steps/instances", JSON.stringify({ instance_id: id, params: { steps: 3 } }));
  return new Promise((resolve, reject) => {
    request(url, { agent, headers: { accept: "text/event-stream" } }, (response) => {
      let seen = "";
      response.on("data", (chunk: Buffer) => {
        seen += chunk.toString();
        if (seen.includes("workflow_completed")) resolve(performance.now() - start);
      });
      response.once("error", reject);
    })
      .once("error", reject)
      .end();
  });
}

const subject = { system: "stepwell", executor: "node", store: "sqlite-full" } as const;

export const rest: readonly Benchmark[] = [
  {
    ...subject,
    ids: ["rest-create", "rest-create-batch"],
    units: { "rest-create": "instances/s", "rest-create-batch": "instances/s" },
    measure: ({ quick }) =>
      withServer(async (server, agent) => {
        // Instances that sleep at once: what is measured is creation, not steps.
        const one = JSON.stringify({ params: { ms: 3_600_000 } });
        const hundred = JSON.stringify(Array.from({ length: 100 }, () => ({ params: { ms: 3_600_000 } })));
        const path = "/workflows/Sleeper/instances";
        await rate(server, agent, path, 500, one);
        const single = await rate(server, agent, path, quick ? 1_000 : 6_000, one);
        const batches = await rate(server, agent, `${path}/batch`, quick ? 50 : 300, hundred);
        return { "rest-create": single, "rest-create-batch": batches * 100 };
      }),
  },
  {
    ...subject,
    ids: ["three-step-p50", "three-step-p99"],
    units: { "three-step-p50": "ms", "three-step-p99": "ms" },
    measure: ({ quick }) =>
      withServer(async (server, agent) => {
        const times: number[] = [];
        for (let i = 0; i < (quick ? 50 : 250); i += 1) times.push(await createToComplete(server, agent, `three-${i}`));
        const warm = times.slice(quick ? 10 : 50);
        return { "three-step-p50": percentile(warm, 50), "three-step-p99": percentile(warm, 99) };
      }),
  },
];
