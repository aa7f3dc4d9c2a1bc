/** A hundred thousand calls of other Workers and Durable Objects, and as many of bindings, all from `fetch` of one isolate. */
import type { ExecutorName } from "../server.ts";
import type { Scenario } from "../trial.ts";

/** Calls a request, so that each request is a context of its own and not too long. */
const A_REQUEST = 500;
const REQUESTS_AT_ONCE = 2;

/** How many calls of each kind. What is kept on disk is slower, and fewer. */
const SHARES: Readonly<Record<ExecutorName, Readonly<Record<string, number>>>> = {
  workerd: { service: 80_000, object: 20_000, workflow: 70_000, queue: 24_000, kv: 2_000, d1: 2_000, r2: 2_000 },
  node: { workflow: 80_000, queue: 20_000 },
};

export const calls = (executor: ExecutorName): Scenario => ({
  name: "calls",
  executor,
  load: "busy",
  limitMs: 240_000,
  async run(trial) {
    const server = await trial.serve();
    await server.api("POST", "/workflows/slow/instances", { instance_id: "known", params: { ms: 0 } });
    await trial.until("the instance that is asked for has completed", () => server.database.counts("slow")["complete"] === 1);
    const { isolate } = JSON.parse((await server.worker("/counts")).text) as { isolate: string };
    const requests = Object.entries(SHARES[executor]).flatMap(([kind, count]) =>
      Array.from({ length: Math.ceil((count * trial.scale) / A_REQUEST) }, () => kind),
    );
    // The kinds are mixed, so that the load is the same all the time.
    requests.sort(() => trial.random() - 0.5);
    const total = requests.length * A_REQUEST;
    let [right, slowest] = [0, 0];
    const begun = performance.now();
    await trial.steadily(async () => {
      const work = async (): Promise<void> => {
        for (let kind = requests.pop(); kind !== undefined; kind = requests.pop()) {
          trial.signal.throwIfAborted();
          trial.doing(`waiting for ${A_REQUEST} calls of kind ${kind}, after ${right} others`);
          const start = performance.now();
          const { status, text } = await server.worker(`/calls?kind=${kind}&n=${A_REQUEST}&id=known`);
          slowest = Math.max(slowest, performance.now() - start);
          if (status === 200) right += (JSON.parse(text) as { right: number }).right;
          else trial.fail("every request is answered", `${kind}: HTTP ${status} ${text.slice(0, 200)}`);
        }
      };
      await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, work));
    });
    trial.check("every call is answered as it should be", right === total, `${right} of ${total}`);
    const after = JSON.parse((await server.worker("/counts")).text) as { isolate: string };
    trial.check("all calls were made by one isolate", after.isolate === isolate);
    trial.fact("calls", total, "calls");
    trial.fact("rate", (total * 1_000) / (performance.now() - begun), "calls/s");
    trial.fact(`slowest ${A_REQUEST} calls`, slowest, "ms");
  },
});
