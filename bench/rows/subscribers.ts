/**
 * What a thousand open subscribers cost: the step rate of a server process with them and without, in turns. They are what
 * dashboards are: most follow instances that sleep, some tens follow instances at work, and a few follow how the instances of
 * the whole workflow begin and end. The clients are a process of its own with the lowest priority: what is left of two cores when the server has taken
 * what it wants is theirs, and a server that has to wait for them buffers no more than it may.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeProject, startServer, type Server } from "../../test/support/server.ts";
import type { Benchmark } from "../row.ts";
import { WORKER, WORKFLOWS } from "../workflows.ts";

const CHILD = fileURLToPath(new URL("./subscribers-child.ts", import.meta.url));

/** Instances at work at once, each followed by at most one; the rest of a thousand follow those that sleep. */
const INSTANCES = 100;
const AT_WORK = 45;
const WHOLE = 5;
const ASLEEP = 950;
const BEGIN_AND_END = "filter=workflow_queued&filter=workflow_running&filter=workflow_waiting&filter=workflow_completed";

export const subscribers: readonly Benchmark[] = [
  {
    ids: ["subscribers-0", "subscribers-1000", "subscribers-ratio"],
    system: "stepwell",
    executor: "node",
    store: "sqlite-full",
    units: { "subscribers-0": "steps/s", "subscribers-1000": "steps/s", "subscribers-ratio": "of the rate without" },
    measure: ({ quick }) => withServer((server, clients) => measure(server, clients, quick ? 20 : 200, quick ? 1 : 4)),
  },
];

async function measure(server: Server, clients: ChildProcess, steps: number, rounds: number): Promise<Record<string, number>> {
  const sleeping = await create(server, "Sleeper", "asleep", { ms: 24 * 60 * 60 * 1_000 });
  let round = 0;
  const rate = async (watched: boolean): Promise<number> => {
    const ids = await create(server, "Steps", `r${(round += 1)}`, { steps, waits: true });
    const paths = [
      ...Array.from({ length: ASLEEP }, (_, i) => `Sleeper/instances/${sleeping[i % sleeping.length]}/subscribe`),
      ...ids.slice(0, AT_WORK).map((id) => `Steps/instances/${id}/subscribe`),
      ...Array<string>(WHOLE).fill(`Steps/subscribe?${BEGIN_AND_END}`),
    ];
    if (watched)
      await tell(
        clients,
        paths.map((path) => workflowUrl(server, path)),
      );
    const start = performance.now();
    await Promise.all(ids.map((id) => accepted(server.call("POST", `/workflows/Steps/instances/${id}/events/go`, {}))));
    await completed(server, round * INSTANCES);
    const figure = (INSTANCES * steps * 1_000) / (performance.now() - start);
    if (watched) await tell(clients, []);
    return figure;
  };
  await rate(true);
  const without: number[] = [];
  const watched: number[] = [];
  for (let i = 0; i < rounds; i += 1) {
    // Whichever comes second finds a larger database: in turns.
    for (const isWatched of i % 2 === 0 ? [false, true] : [true, false])
      (isWatched ? watched : without).push(await rate(isWatched));
  }
  const [alone, together] = [harmonic(without), harmonic(watched)];
  return { "subscribers-0": alone, "subscribers-1000": together, "subscribers-ratio": together / alone };
}

/** The rate over all rounds: each is as much work as the others. */
function harmonic(rates: readonly number[]): number {
  return rates.length / rates.reduce((sum, rate) => sum + 1 / rate, 0);
}

/** Has the clients open these sockets and no others. */
async function tell(clients: ChildProcess, urls: readonly string[]): Promise<void> {
  clients.send(urls);
  await once(clients, "message");
}

function workflowUrl({ url }: Server, path: string): string {
  return `${url.replace("http", "ws")}/client/v4/accounts/local/workflows/${path}`;
}

async function create(server: Server, workflow: string, prefix: string, params: object): Promise<string[]> {
  const ids = Array.from({ length: INSTANCES }, (_, i) => `${prefix}-${i}`);
  const batch = ids.map((id) => ({ instance_id: id, params }));
  await accepted(server.call("POST", `/workflows/${workflow}/instances/batch`, batch));
  return ids;
}

async function completed(server: Server, count: number): Promise<void> {
  for (;;) {
    const { result } = await server.call("GET", "/workflows/Steps");
    const { complete, errored } = (result as { instances: { complete: number; errored: number } }).instances;
    if (errored > 0) throw new Error("An instance has failed");
    if (complete >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function accepted(calling: ReturnType<Server["call"]>): Promise<void> {
  const { success, errors } = await calling;
  if (!success) throw new Error(errors[0]?.message);
}

async function withServer<T>(work: (server: Server, clients: ChildProcess) => Promise<T>): Promise<T> {
  const workflows = WORKFLOWS.map((name) => ({ name, binding: name.toUpperCase(), class_name: name }));
  const project = await makeProject({
    "wrangler.json": JSON.stringify({ name: "bench", main: "index.js", compatibility_date: "2026-11-01", workflows }),
    "index.js": WORKER,
  });
  const data = await mkdtemp(join(tmpdir(), "stepwell-bench-"));
  const server = await startServer(["dev", project.folder, "--port", "0", "--quiet", "--executor", "node", "--data", data]);
  const clients = fork(CHILD);
  try {
    return await work(server, clients);
  } finally {
    clients.disconnect();
    await server.stop();
    await project.remove();
    await rm(data, { recursive: true });
  }
}
