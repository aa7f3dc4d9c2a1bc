/** Ten thousand instances that run at once for a minute, all of them with something to say now and then, without a host's end. */
import type { ExecutorName } from "../server.ts";
import type { Scenario } from "../trial.ts";

const INSTANCES = 10_000;
const BATCH = 100;
const STEPS = 6;
const STEP_MS = 10_000;

export const running = (executor: ExecutorName): Scenario => ({
  name: "running",
  executor,
  load: "idle",
  limitMs: 300_000,
  async run(trial) {
    const server = await trial.serve({}, { slowestMs: STEP_MS + 5_000 });
    const requests = Array.from({ length: BATCH }, () => ({
      params: { ms: STEP_MS, steps: Math.ceil(STEPS * Math.max(1, trial.scale)) },
    }));
    trial.doing("creating instances");
    for (let made = 0; made < INSTANCES; made += BATCH) {
      const { status, text } = await server.api("POST", "/workflows/slow/instances/batch", requests);
      if (status !== 200) throw new Error(`A batch was refused: HTTP ${status} ${text.slice(0, 200)}`);
      trial.signal.throwIfAborted();
    }
    await trial.until(`${INSTANCES} instances run`, () => server.database.counts("slow")["running"] === INSTANCES);
    await trial.steadily(() =>
      trial.until("the first has completed", () => (server.database.counts("slow")["complete"] ?? 0) > 0),
    );
    await trial.until("all have completed", () => server.database.counts("slow")["complete"] === INSTANCES);
    trial.check("no host has ended", server.database.recoveries() === 0, `${server.database.recoveries()} recoveries`);
    trial.fact("instances that ran at once", INSTANCES, "instances");
  },
});
