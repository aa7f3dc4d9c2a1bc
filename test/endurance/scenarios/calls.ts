/** A hundred thousand calls of other Workers and Durable Objects, and as many of bindings, all from `fetch` of one isolate. */
import type { ExecutorName } from "../server.ts";
import type { Scenario, Trial } from "../trial.ts";

/** Calls a request, so that each request is a context of its own and not too long. */
const A_REQUEST = 500;

/** Calls of a kind, so many at a time in a request. What is kept on disk is slower, and there is less of it. */
interface Share {
  readonly kind: string;
  readonly count: number;
}

/**
 * Two streams of requests beside each other. In one, calls are made one after another: calls at the same time share what goes to and fro between
 * processes, and some faults need many separate turns.
 */
const STREAMS: Readonly<Record<ExecutorName, readonly { readonly atOnce: number; readonly shares: readonly Share[] }[]>> = {
  workerd: [
    { atOnce: 1, shares: [{ kind: "service", count: 50_000 }] },
    {
      atOnce: 50,
      shares: [
        { kind: "service", count: 30_000 },
        { kind: "object", count: 20_000 },
        { kind: "workflow", count: 70_000 },
        { kind: "queue", count: 24_000 },
        { kind: "kv", count: 2_000 },
        { kind: "d1", count: 2_000 },
        { kind: "r2", count: 2_000 },
      ],
    },
  ],
  node: [
    { atOnce: 1, shares: [{ kind: "workflow", count: 30_000 }] },
    {
      atOnce: 50,
      shares: [
        { kind: "workflow", count: 50_000 },
        { kind: "queue", count: 20_000 },
      ],
    },
  ],
};

export const calls = (executor: ExecutorName): Scenario => ({
  name: "calls",
  executor,
  load: "busy",
  limitMs: 300_000,
  async run(trial) {
    const server = await trial.serve();
    await server.api("POST", "/workflows/slow/instances", { instance_id: "known", params: { ms: 0 } });
    await trial.until("the instance that is asked for has completed", () => server.database.counts("slow")["complete"] === 1);
    const { isolate } = JSON.parse((await server.worker("/counts")).text) as { isolate: string };
    // What is read of a kind has to be there before the first fifty of it are called at once.
    if (executor === "workerd")
      for (const kind of ["kv", "r2"]) await server.worker(`/calls?kind=${kind}&n=1&at_once=1&id=known`);
    let [right, total, slowest] = [0, 0, 0];
    const ask = async (kind: string, atOnce: number): Promise<void> => {
      trial.signal.throwIfAborted();
      trial.doing(`waiting for ${A_REQUEST} calls of kind ${kind}, ${atOnce} at once, after ${right} others`);
      const start = performance.now();
      total += A_REQUEST;
      const { status, text } = await server.worker(`/calls?kind=${kind}&n=${A_REQUEST}&at_once=${atOnce}&id=known`);
      slowest = Math.max(slowest, performance.now() - start);
      if (status === 200) right += (JSON.parse(text) as { right: number }).right;
      else trial.fail("every request is answered", `${kind}: HTTP ${status} ${text.slice(0, 200)}`);
    };
    const begun = performance.now();
    const streams = STREAMS[executor].map(async ({ atOnce, shares }) => {
      for (const kind of mixed(trial, shares)) await ask(kind, atOnce);
    });
    await trial.steadily(() => Promise.all(streams));
    trial.check("every call is answered as it should be", right === total, `${right} of ${total}`);
    const after = JSON.parse((await server.worker("/counts")).text) as { isolate: string };
    trial.check("all calls were made by one isolate", after.isolate === isolate);
    trial.fact("calls", total, "calls");
    trial.fact("rate", (total * 1_000) / (performance.now() - begun), "calls/s");
    trial.fact(`slowest ${A_REQUEST} calls`, slowest, "ms");
  },
});

/** A kind for each request, in any order, so that the load is the same all the time. */
function mixed(trial: Trial, shares: readonly Share[]): string[] {
  return shares
    .flatMap(({ kind, count }) =>
      Array.from({ length: Math.ceil((count * trial.scale) / A_REQUEST) }, () => ({ kind, at: trial.random() })),
    )
    .sort((a, b) => a.at - b.at)
    .map(({ kind }) => kind);
}
