/** Instances that fail after their last step: how fast what they did is undone. */
import type { Benchmark } from "../row.ts";
import { complete, openSubject } from "../stepwell.ts";

const INSTANCES = 100;
const STEPS = 20;

/** The steps are timed with those of the same workflow that does not fail: what is left is the undoing. */
export const rollback: readonly Benchmark[] = [
  {
    ids: ["rollback-100x20"],
    system: "stepwell",
    executor: "node",
    store: "sqlite-full",
    units: { "rollback-100x20": "undoings/s" },
    async measure() {
      const subject = await openSubject("node");
      const time = async (workflow: string, end: "complete" | "errored"): Promise<number> => {
        await complete(subject, workflow, INSTANCES, { steps: STEPS }, end);
        const start = performance.now();
        await complete(subject, workflow, INSTANCES, { steps: STEPS }, end);
        return performance.now() - start;
      };
      try {
        const done = await time("Steps", "complete");
        const undone = await time("Undoer", "errored");
        return { "rollback-100x20": (INSTANCES * STEPS * 1_000) / (undone - done) };
      } finally {
        await subject.close();
      }
    },
  },
];
