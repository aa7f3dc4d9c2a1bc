/**
 * The step rows once V8 has optimised everything it will: what shows only after tens of thousands of steps in one isolate, in
 * speed or otherwise, shows here. Each is measured for ten seconds after as long a warm-up.
 */
import type { Benchmark } from "../row.ts";
import { complete, openSubject, type ExecutorName } from "../stepwell.ts";

const WARM_UP_MS = 10_000;
const MEASURE_MS = 10_000;

/** Batches of `instances` with `each` steps, one after another, for about this long; answers the steps a millisecond. */
async function rate(executor: ExecutorName, instances: number, each: number, quick: boolean): Promise<number> {
  const subject = await openSubject(executor);
  const during = async (ms: number): Promise<number> => {
    const start = performance.now();
    let done = 0;
    while (performance.now() - start < (quick ? ms / 10 : ms)) {
      await complete(subject, "Steps", instances, { steps: each });
      done += instances * each;
    }
    return done / (performance.now() - start);
  };
  try {
    await during(WARM_UP_MS);
    return await during(MEASURE_MS);
  } finally {
    await subject.close();
  }
}

const subject = { system: "stepwell", store: "sqlite-full", runs: 1 } as const;

const steps = (executor: ExecutorName, instances: number, each: number): Benchmark => {
  const id = `steps-${instances}x${each}-warm`;
  return {
    ...subject,
    ids: [id],
    executor,
    units: { [id]: "steps/s" },
    measure: async ({ quick }) => ({ [id]: (await rate(executor, instances, each, quick)) * 1_000 }),
  };
};

const sequential = (executor: ExecutorName): Benchmark => ({
  ...subject,
  ids: ["step-sequential-warm"],
  executor,
  units: { "step-sequential-warm": "ms/step" },
  measure: async ({ quick }) => ({ "step-sequential-warm": 1 / (await rate(executor, 1, 1_000, quick)) }),
});

export const warm: readonly Benchmark[] = (["node", "workerd"] as const).flatMap((executor) => [
  steps(executor, 100, 20),
  steps(executor, 1_000, 5),
  sequential(executor),
]);
