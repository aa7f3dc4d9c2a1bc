/** What an instance has in memory while it waits: longer waits than the others have, so that a run which left would be noticed. */
import { topic, type Scenario } from "../scenario.ts";

const LATER = `const later = (ms) => new Promise((resolve) => setTimeout(() => resolve(see("later")), ms));`;

export const memory: readonly Scenario[] = topic("memory", [
  {
    name: "memory-wait-until-sleep",
    run: `${LATER} this.ctx.waitUntil(later(1500)); await step.sleep("nap", 2500); see("awake");`,
  },
  {
    name: "memory-wait-until-event",
    run: `${LATER} this.ctx.waitUntil(later(1500)); await caught(step.waitForEvent("w", { type: "x", timeout: 2500 }));`,
  },
  { name: "memory-timer-sleep", run: `${LATER} void later(1500); await step.sleep("nap", 2500); see("awake");` },
  {
    name: "memory-closure-sleep",
    run: `let count = 0; await step.do("s", async () => { count += 1; }); await step.sleep("nap", 1500); see(count);`,
  },
  {
    name: "memory-closure-retries",
    run: `let runs = -1; await caught(step.do("only", retries(2, 1500), async () => { runs += 1; throw new Error("x"); })); see(runs);`,
  },
  { name: "memory-code-outside-steps", run: `see("begun"); await step.sleep("nap", 1500); see("awake");` },
]);
