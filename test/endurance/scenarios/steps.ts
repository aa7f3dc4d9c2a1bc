/**
 * Two hundred thousand steps in one isolate: fifty small instances at once, an instance as long as there may be, and small
 * ones one after another.
 * The isolate counts how often a step's code has run, which is exact for as long as it is the same isolate.
 */
import type { ExecutorName, Server } from "../server.ts";
import type { Scenario, Trial } from "../trial.ts";

const LONGEST = 24_999;
const STEPS = 20;
const AT_ONCE = 50;
const ONE_BY_ONE = 250;
const ALL_STEPS = 200_000;
const TICKERS = 10;

interface Output {
  readonly isolate: string;
  readonly total: number;
  readonly misplaced: number;
}

interface Counts {
  readonly isolate: string;
  readonly steps: number;
  readonly ticks: number;
}

export const steps = (executor: ExecutorName): Scenario => ({
  name: "steps",
  executor,
  load: "busy",
  limitMs: 240_000,
  async run(trial) {
    const server = await trial.serve({}, { isExempt: ({ workflow }) => workflow === "ticker" });
    const create = async (count: number, each: number): Promise<unknown> =>
      server.api(
        "POST",
        "/workflows/steps/instances/batch",
        Array.from({ length: count }, () => ({ params: { steps: each } })),
      );
    const complete = (): number => server.database.counts("steps")["complete"] ?? 0;

    const begun = performance.now();
    let made = 0;
    // First what warms the isolate up; what one instance needs grows with its steps, so that the long one is no steady load.
    await trial.steadily(async () => {
      while (LONGEST + (made + ONE_BY_ONE) * STEPS < ALL_STEPS * trial.scale) {
        await create(AT_ONCE, STEPS);
        made += AT_ONCE;
        await trial.until(`${made} instances have completed`, () => complete() === made);
      }
    });
    await create(1, LONGEST);
    for (let i = 0; i < ONE_BY_ONE; i += 1) {
      const before = complete();
      await create(1, STEPS);
      await trial.until("a small instance has completed", () => complete() > before);
    }
    made += ONE_BY_ONE + 1;
    await trial.until(`the instance of ${LONGEST} steps has completed`, () => complete() === made);
    const expected = { instances: made, steps: LONGEST + (made - 1) * STEPS };
    const seconds = (performance.now() - begun) / 1_000;
    trial.fact("steps in one isolate", expected.steps, "steps");
    trial.fact("rate", expected.steps / seconds, "steps/s");
    await checkOutputs(trial, server, expected);
    // Without request contexts, code that is not in a step is not cut off.
    if (executor === "workerd") await checkTermination(trial, server);
  },
});

async function checkOutputs(trial: Trial, server: Server, expected: { instances: number; steps: number }): Promise<void> {
  const outputs = [...server.database.outputs("steps").values()] as Output[];
  const counts = await countsOf(server);
  const totals = outputs.map(({ total }) => total);
  const right = totals.filter((total) => [LONGEST, STEPS].some((each) => total === (each * (each - 1)) / 2)).length;
  trial.check("every instance has returned what it should", right === expected.instances, `${right} of ${expected.instances}`);
  const isolates = new Set([...outputs.map(({ isolate }) => isolate), counts.isolate]);
  trial.check("all steps ran in one isolate", isolates.size === 1, `${isolates.size} isolates`);
  trial.check("no instance lost its host", server.database.recoveries() === 0, `${server.database.recoveries()} recoveries`);
  trial.check("no step's code ran twice", counts.steps === expected.steps, `${counts.steps} calls for ${expected.steps} steps`);
  const misplaced = outputs.filter((each) => each.misplaced > 0).length;
  trial.check("code after a step is in its own request context", misplaced === 0, `${misplaced} instances were in another one`);
}

/** What a terminated instance does after it has been terminated. */
async function checkTermination(trial: Trial, server: Server): Promise<void> {
  const ids = Array.from({ length: TICKERS }, (_, i) => `ticker-${i}`);
  for (const id of ids) await server.api("POST", "/workflows/ticker/instances", { instance_id: id });
  let { ticks } = await countsOf(server);
  trial.doing("waiting until instances tick");
  while ((await countsOf(server)).ticks < ticks + 5 * TICKERS) await trial.pause(20);
  for (const id of ids) await server.api("PATCH", `/workflows/ticker/instances/${id}/status`, { status: "terminate" });
  ({ ticks } = await countsOf(server));
  await trial.pause(500);
  const after = (await countsOf(server)).ticks - ticks;
  trial.check("terminated instances stop", after === 0, `${after} ticks after they were terminated`);
}

async function countsOf(server: Server): Promise<Counts> {
  return JSON.parse((await server.worker("/counts")).text) as Counts;
}
