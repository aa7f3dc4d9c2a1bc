/** Many short instances at once, and one long sequential one. */
import type { Benchmark } from "../row.ts";
import { complete, openSubject, type ExecutorName } from "../stepwell.ts";

const steps = (id: string, executor: ExecutorName, instances: number, each: number): Benchmark => ({
  ids: [id],
  system: "stepwell",
  executor,
  store: "sqlite-full",
  units: { [id]: "steps/s" },
  async measure({ quick }) {
    const subject = await openSubject(executor);
    try {
      await complete(subject, "Steps", Math.min(100, instances), { steps: each });
      const start = performance.now();
      await complete(subject, "Steps", instances, { steps: each });
      const first = performance.now() - start;
      if (quick) return { [id]: (instances * each * 1_000) / first };
      const again = performance.now();
      await complete(subject, "Steps", instances, { steps: each });
      return { [id]: (2 * instances * each * 1_000) / (first + performance.now() - again) };
    } finally {
      await subject.close();
    }
  },
});

const sequential = (executor: ExecutorName): Benchmark => ({
  ids: ["step-sequential"],
  system: "stepwell",
  executor,
  store: "sqlite-full",
  units: { "step-sequential": "ms/step" },
  async measure() {
    const subject = await openSubject(executor);
    try {
      await complete(subject, "Steps", 1, { steps: 50 });
      const start = performance.now();
      await complete(subject, "Steps", 1, { steps: 200 });
      return { "step-sequential": (performance.now() - start) / 200 };
    } finally {
      await subject.close();
    }
  },
});

export const throughput: readonly Benchmark[] = (["node", "workerd", "in-process"] as const).flatMap((executor) => [
  steps("steps-100x20", executor, 100, 20),
  steps("steps-1000x5", executor, 1_000, 5),
  sequential(executor),
]);
