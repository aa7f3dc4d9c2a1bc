/** One instance with 5,000 steps: whether the last cost what the first did, and how long its replay takes. */
import { encode } from "../../src/model/values/value.ts";
import type { Benchmark } from "../row.ts";
import { openSubject } from "../stepwell.ts";

export const history: readonly Benchmark[] = [
  {
    ids: ["history-5000-total", "history-5000-slope", "replay-5000"],
    system: "stepwell",
    executor: "node",
    store: "sqlite-full",
    units: { "history-5000-total": "ms", "history-5000-slope": "last 500 / first 500", "replay-5000": "ms" },
    async measure() {
      const subject = await openSubject("node", { parkAfterMs: 10 });
      const address = { workflow: "Clocked", id: "long" };
      const settle = async (wanted: string): Promise<void> => {
        while ((await subject.engine.summary(address)).status !== wanted) await new Promise((resolve) => setTimeout(resolve, 1));
      };
      try {
        const begun = performance.now();
        await subject.engine.create("Clocked", [{ id: address.id, params: encode({ steps: 5_000, waits: true }) }], "api");
        await settle("waiting");
        const total = performance.now() - begun;
        // Long enough to be parked: the event then has to replay all of it.
        await new Promise((resolve) => setTimeout(resolve, 500));
        const replayed = performance.now();
        await subject.engine.sendEvent(address, "go", encode(null));
        await settle("complete");
        const replay = performance.now() - replayed;
        let output: number[] = [];
        for await (const events of subject.engine.history(address))
          for (const event of events) {
            if (event.type === "workflow_completed") output = JSON.parse(event.output ?? "[]") as number[];
          }
        const [first = 0, fiveHundredth = 0, lastButFiveHundred = 0, last = 0] = output;
        const slope = (last - lastButFiveHundred) / (fiveHundredth - first);
        return { "history-5000-total": total, "history-5000-slope": slope, "replay-5000": replay };
      } finally {
        await subject.close();
      }
    },
  },
];
