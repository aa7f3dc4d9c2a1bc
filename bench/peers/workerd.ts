/**
 * The engine of Workflows that workerd itself has, started as `workerd serve` starts it, on the same workflow as stepwell's
 * rows. Its binding has nothing that waits for an end, so the Worker asks for the status of what has not ended, over and over.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BINARY } from "../../src/executors/workerd/child/binary.ts";
import type { Benchmark } from "../row.ts";
import { WORKER } from "../workflows.ts";

const DRIVER = `
export default {
  async fetch(request, env) {
    const { instances, steps } = await request.json();
    const open = [];
    for (let made = 0; made < instances; made += 100) {
      const requests = Array.from({ length: Math.min(100, instances - made) }, () => ({ params: { steps } }));
      open.push(...(await env.STEPS.createBatch(requests)));
    }
    while (open.length > 0) {
      const { status } = await open.at(-1).status();
      if (status === "errored") return new Response("An instance is errored", { status: 500 });
      if (status === "complete") open.pop();
      else await scheduler.wait(1);
    }
    return new Response("ok");
  },
};
`;

const CONFIG = {
  name: "bench",
  main: "index.js",
  no_bundle: true,
  compatibility_date: "2026-11-01",
  workflows: [{ name: "steps", binding: "STEPS", class_name: "Steps" }],
};

/** Milliseconds from the request for so many instances until all of them are complete. */
type Timed = (instances: number, steps: number) => Promise<number>;

/** Works against an engine of its own, on a folder of its own. */
async function withEngine<T>(work: (timed: Timed) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "stepwell-bench-"));
  // The driver is the Worker's only handler.
  await writeFile(join(folder, "index.js"), WORKER.replace("export default", "export const other =") + DRIVER);
  await writeFile(join(folder, "wrangler.json"), JSON.stringify(CONFIG));
  const args = ["serve", "--experimental", "--control-fd=3", "-s", "http=127.0.0.1:0", "wrangler.json"];
  const child = spawn(BINARY, args, { cwd: folder, stdio: ["ignore", "ignore", "ignore", "pipe"] });
  try {
    const url = `http://127.0.0.1:${await portOf(child)}/`;
    return await work(async (instances, steps) => {
      const begun = performance.now();
      const response = await fetch(url, { method: "POST", body: JSON.stringify({ instances, steps }) });
      const text = await response.text();
      if (!response.ok) throw new Error(`The peer has failed: ${text}`);
      return performance.now() - begun;
    });
  } finally {
    await ended(child);
    await rm(folder, { recursive: true });
  }
}

/** The port that it has chosen, which it writes to a pipe of its own. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("exit", () => reject(new Error("The peer did not start")));
    child.stdio[3]?.on("data", (data: Buffer) => {
      const port = /"port":\s*(\d+)/.exec(data.toString())?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGKILL");
  await gone;
}

const subject = { system: "workerd", executor: "workerd", store: "sqlite" } as const;

/** The workloads of stepwell's own rows, at full size, once: it takes its time. */
export const workerdPeer: readonly Benchmark[] = [
  {
    ...subject,
    ids: ["steps-100x20"],
    units: { "steps-100x20": "steps/s" },
    measure: () =>
      withEngine(async (timed) => {
        await timed(10, 20);
        return { "steps-100x20": (100 * 20 * 1_000) / (await timed(100, 20)) };
      }),
  },
  {
    ...subject,
    ids: ["step-sequential"],
    units: { "step-sequential": "ms/step" },
    measure: () =>
      withEngine(async (timed) => {
        await timed(1, 50);
        return { "step-sequential": (await timed(1, 200)) / 200 };
      }),
  },
];
