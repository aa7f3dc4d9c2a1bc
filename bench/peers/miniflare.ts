/**
 * Cloudflare's local engine: Workflows in workerd, started by miniflare, on the same workflow as stepwell's rows. A
 * second Worker creates instances and waits for them, so that one request from here covers a whole measurement.
 *
 * Where there is a choice the peer gets the faster: batches of 100, which is its limit, and `unsafeWaitForStatus`. That is
 * a promise inside the engine; asking for `status()` over and over, or subscribing, reads an instance's log each time.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { percentile, type Benchmark } from "../row.ts";
import { WORKER } from "../workflows.ts";

/** What is used of miniflare, which is installed beside the tests' clients and so is no dependency of ours. */
interface Miniflare {
  readonly ready: Promise<URL>;
  dispatchFetch(url: string, init: { method: string; body: string }): Promise<{ readonly ok: boolean; text(): Promise<string> }>;
  dispose(): Promise<void>;
}

const DRIVER = `
export default {
  async fetch(request, env) {
    const { instances, steps } = await request.json();
    const all = [];
    for (let made = 0; made < instances; made += 100) {
      const requests = Array.from({ length: Math.min(100, instances - made) }, () => ({ params: { steps } }));
      for (const { id } of await env.STEPS.createBatch(requests)) all.push(env.STEPS.unsafeWaitForStatus(id, "complete"));
    }
    await Promise.all(all);
    return new Response("ok");
  },
};
`;

/** Milliseconds from the request for so many instances until all of them are complete. */
type Timed = (instances: number, steps: number) => Promise<number>;

/** Works against an engine of its own, on a folder of its own. */
async function withEngine<T>(work: (timed: Timed) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "stepwell-bench-"));
  const miniflare = start(folder);
  try {
    await miniflare.ready;
    return await work(async (instances, steps) => {
      const begun = performance.now();
      const response = await miniflare.dispatchFetch("http://localhost/", {
        method: "POST",
        body: JSON.stringify({ instances, steps }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`The peer has failed: ${text}`);
      return performance.now() - begun;
    });
  } finally {
    await miniflare.dispose();
    await rm(folder, { recursive: true });
  }
}

function start(folder: string): Miniflare {
  const require = createRequire(new URL("../../test/clients/package.json", import.meta.url));
  const loaded = require("miniflare") as { Miniflare: new (options: object) => Miniflare };
  return new loaded.Miniflare({
    // Makes no request to other machines.
    cf: false,
    telemetry: { enabled: false },
    resourcePersistencePath: folder,
    workers: [
      worker("driver", DRIVER, { STEPS: { type: "workflow", name: "Steps", worker: "bench", exportName: "Steps" } }),
      worker("bench", WORKER, {}),
    ],
  });
}

function worker(name: string, contents: string, env: object): object {
  const manifest = { mainModule: "index.js", modulesRoot: "/", modules: { "index.js": { type: "esm", contents } } };
  return { config: { name, compatibilityDate: "2026-11-01", manifest, env } };
}

const subject = { system: "miniflare", executor: "workerd", store: "sqlite" } as const;

const steps = (id: string, instances: number, each: number): Benchmark => ({
  ...subject,
  ids: [id],
  units: { [id]: "steps/s" },
  measure: ({ quick }) =>
    withEngine(async (timed) => {
      await timed(Math.min(100, instances), each);
      const first = await timed(instances, each);
      if (quick) return { [id]: (instances * each * 1_000) / first };
      return { [id]: (2 * instances * each * 1_000) / (first + (await timed(instances, each))) };
    }),
});

/** The workloads of stepwell's own rows, at full size. */
export const miniflarePeer: readonly Benchmark[] = [
  steps("steps-100x20", 100, 20),
  steps("steps-1000x5", 1_000, 5),
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
  {
    // Creation and completion in one request, where stepwell's row makes two.
    ...subject,
    ids: ["three-step-p50"],
    units: { "three-step-p50": "ms" },
    measure: ({ quick }) =>
      withEngine(async (timed) => {
        const times: number[] = [];
        for (let i = 0; i < (quick ? 50 : 250); i += 1) times.push(await timed(1, 3));
        return { "three-step-p50": percentile(times.slice(quick ? 10 : 50), 50) };
      }),
  },
];
