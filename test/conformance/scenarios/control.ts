/** What is done to instances from outside, and what user code notices of it (runtime.md §12 and §13). */
import { localDefect, onPurpose, topic, type Action, type Difference, type Scenario } from "../scenario.ts";

const NAP = `see("before"); await step.sleep("nap", "1 minute"); see("after");`;
const WAIT = `see("before"); const e = await step.waitForEvent("wait", { type: "go", timeout: "1 minute" }); see(e.payload);`;
const go: Action = ["sendEvent", { type: "go", payload: 1 }];
const begun: readonly Action[] = [["create"], ["seen", "before"], ["wait", 150]];

export const lifecycle: readonly Scenario[] = topic("lifecycle", [
  { name: "status-of-finished", script: [["create"], ["end"], ["status"]], run: `return { a: 1 };` },
  { name: "status-of-errored", script: [["create"], ["end"], ["status"]], run: `throw new TypeError("no");` },
  {
    name: "status-while-waiting",
    differences: [
      onPurpose(["answers", "status"], "§12.1", "`waiting` is what the documentation says; the local engine never reports it."),
    ],
    script: [...begun, ["wait", 150], ["status"]],
    run: WAIT,
  },
  { name: "pause-waiting", script: [...begun, ["pause"], ["until", "paused"], ["status"]], run: WAIT },
  { name: "pause-sleeping", script: [...begun, ["pause"], ["until", "paused"]], run: NAP },
  {
    name: "pause-resume-waiting",
    script: [...begun, ["pause"], ["until", "paused"], ["wait", 300], ["resume"], ["wait", 150], go, ["end"]],
    run: WAIT,
  },
  {
    name: "pause-event-resume",
    script: [...begun, ["pause"], ["until", "paused"], ["wait", 300], go, ["status"], ["resume"], ["end"]],
    run: WAIT,
  },
  {
    name: "pause-in-step",
    script: [
      ["create"],
      ["seen", "in step"],
      ["wait", 150],
      ["pause"],
      ["status"],
      ["until", "paused"],
      ["wait", 300],
      ["resume"],
      ["end"],
    ],
    run: `
      await step.do("long", async () => { see("in step"); await new Promise((resolve) => setTimeout(resolve, 1500)); return 1; }); see(await step.do("next", async () => 2));`,
  },
  {
    name: "pause-cancelled",
    script: [["create"], ["seen", "in step"], ["wait", 150], ["pause"], ["status"], ["resume"], ["end"]],
    run: `
      await step.do("long", async () => { see("in step"); await new Promise((resolve) => setTimeout(resolve, 2000)); return 1; }); see(await step.do("next", async () => 2));`,
  },
  {
    name: "pause-in-retry-delay",
    script: [["create"], ["seen", 1], ["wait", 150], ["pause"], ["until", "paused"], ["wait", 300], ["resume"], ["end"]],
    run: `
      see(await step.do("s", retries(1, 1500), async ({ attempt }) => { see(attempt); if (attempt === 1) throw new Error("again"); return "ok"; }));`,
  },
  {
    name: "pause-twice",
    script: [...begun, ["pause"], ["until", "paused"], ["pause"], ["status"], ["resume"], ["wait", 150], go, ["end"]],
    run: WAIT,
  },
  { name: "pause-finished", script: [["create"], ["end"], ["pause"], ["status"]], run: `return 1;` },
  { name: "resume-running", script: [...begun, ["resume"], go, ["end"]], run: WAIT },
  { name: "resume-finished", script: [["create"], ["end"], ["resume"], ["status"]], run: `return 1;` },
  {
    name: "sleep-resumes-after-pause",
    script: [...begun, ["pause"], ["until", "paused"], ["wait", 300], ["resume"], ["end"]],
    run: `see("before"); await step.sleep("nap", 900); see("after");`,
  },
  { name: "terminate-waiting", script: [...begun, ["terminate"], ["status"]], run: WAIT },
  { name: "terminate-sleeping", script: [...begun, ["terminate"], ["end"]], run: NAP },
  {
    name: "terminate-in-step",
    script: [["create"], ["seen", "in step"], ["wait", 150], ["terminate"], ["end"], ["wait", 1600]],
    run: `
      await step.do("long", async () => { see("in step"); await new Promise((resolve) => setTimeout(resolve, 1500)); return 1; }); see("after");`,
  },
  { name: "terminate-paused", script: [...begun, ["pause"], ["until", "paused"], ["terminate"], ["status"]], run: WAIT },
  { name: "terminate-finished", script: [["create"], ["end"], ["terminate"]], run: `return 1;` },
  { name: "terminate-twice", script: [...begun, ["terminate"], ["terminate"]], run: WAIT },
  {
    name: "restart-complete",
    script: [["create", { params: { n: 1 } }], ["end"], ["restart"], ["wait", 50], ["end"]],
    run: `see(event.payload); see(await step.do("s", async ({ step: { count }, attempt }) => [count, attempt])); return "done";`,
  },
  {
    name: "restart-errored",
    script: [["create"], ["end"], ["restart"], ["wait", 50], ["end"]],
    run: `await step.do("s", once, async ({ attempt }) => { see(attempt); throw new Error("always"); });`,
  },
  { name: "restart-waiting", script: [...begun, ["restart"], ["wait", 150], go, ["end"]], run: WAIT },
  {
    name: "restart-paused",
    script: [...begun, ["pause"], ["until", "paused"], ["restart"], ["wait", 150], go, ["end"]],
    run: WAIT,
  },
  { name: "restart-terminated", script: [...begun, ["terminate"], ["restart"], ["wait", 150], go, ["end"]], run: WAIT },
  {
    name: "restart-drops-events",
    script: [
      ["create"],
      ["seen", "before"],
      ["sendEvent", { type: "other", payload: 1 }],
      go,
      ["end"],
      ["restart"],
      ["wait", 150],
      go,
      ["end"],
    ],
    run: `
      ${WAIT} await caught(step.waitForEvent("second", { type: "other", timeout: 60 }).then((e) => e.payload));`,
  },
  { name: "delete-finished", script: [["create"], ["end"], ["delete"], ["status"]], run: `return 1;` },
  { name: "delete-waiting", script: [...begun, ["delete"], ["status"], ["sendEvent", { type: "go" }]], run: WAIT },
  { name: "delete-twice", script: [["create"], ["end"], ["delete"], ["delete"]], run: `return 1;` },
  {
    name: "delete-and-recreate",
    script: [["create", { params: 1 }], ["end"], ["delete"], ["create", { params: 2 }], ["end"]],
    run: `see(event.payload); return event.payload;`,
  },
  {
    name: "deletes-itself",
    script: [["create"], ["seen", "deleting"], ["wait", 500], ["status"]],
    run: `
      await step.do("self", once, async () => { see("deleting"); await (await this.env.deletes_itself.get(event.instanceId)).delete(); }); see("after");`,
  },
]);

const again: readonly Action[] = [
  ["create"],
  ["seen", "waits"],
  ["wait", 150],
  ["pause"],
  ["until", "paused"],
  ["wait", 300],
  ["resume"],
  ["wait", 150],
  go,
  ["end"],
];

/** The code runs again from the top after a pause; what a step gave before is given again. */
const replayed = (name: string, run: string, ...differences: readonly Difference[]): Parameters<typeof topic>[1][number] => ({
  name: `replay-${name}`,
  differences,
  script: again,
  run: `${run}\nsee("waits"); see((await step.waitForEvent("gate", { type: "go", timeout: "1 minute" })).payload);`,
});

export const replay: readonly Scenario[] = topic("replay", [
  replayed("step-once", `see("top"); see(await step.do("s", async () => (see("callback"), "result")));`),
  replayed(
    "random-kept",
    `const n = await step.do("random", async () => Math.random()); this.constructor.n ??= n; see(n === this.constructor.n);`,
  ),
  replayed("rich-value", `see(await step.do("s", async () => new Map([[new Date(1), new Uint8Array([1])]])));`),
  replayed("undefined", `see(await step.do("s", async () => { see("callback"); }));`),
  replayed("caught-error", `await caught(step.do("s", once, async () => { see("callback"); throw new RangeError("no"); }));`),
  replayed(
    "custom-error",
    `await caught(step.do("s", once, async () => { see("callback"); throw Object.assign(new Error("no"), { name: "MyErr" }); }));`,
  ),
  replayed(
    "non-retryable",
    `await caught(step.do("s", retries(3), async () => { see("callback"); throw new NonRetryableError("stop"); }));`,
    localDefect(
      ["seen", "answers", "events"],
      "§6.3",
      "A non-retryable failure leaves the local engine counting its step as under way for ever, so that a pause never comes to be.",
    ),
  ),
  replayed(
    "timed-out",
    `await caught(step.do("s", { ...once, timeout: 30 }, () => (see("callback"), new Promise(() => {}))));`,
    localDefect(
      ["seen"],
      "§6.3",
      "The local engine gives a time-out another message on replay than the first time; a replay must see what was seen.",
    ),
  ),
  replayed(
    "counters",
    `for (let i = 0; i < 3; i += 1) see(await step.do("same", async ({ step: { count } }) => (see("callback"), count)));`,
  ),
  replayed("sleep", `await step.sleep("nap", 30); see("slept");`),
  replayed(
    "wait-timed-out",
    `await caught(step.waitForEvent("early", { type: "never", timeout: 30 }));`,
    localDefect(
      ["seen"],
      "§6.3",
      "The local engine gives a time-out another message on replay than the first time; a replay must see what was seen.",
    ),
  ),
  replayed(
    "retried-step",
    `see(await step.do("s", retries(3), async ({ attempt }) => { see(attempt); if (attempt < 3) throw new Error("again"); return "third"; }));`,
  ),
  replayed("parallel", `see(await Promise.all(["a", "b", "c"].map((n) => step.do(n, async () => (see("callback"), n)))));`),
  replayed(
    "nested",
    `see(await step.do("outer", async () => (see("outer"), await step.do("inner", async () => (see("inner"), 1)))));`,
  ),
  replayed(
    "sleep-until",
    `this.constructor.at ??= Date.now() + 1000; await caught(step.sleepUntil("nap", this.constructor.at));`,
    localDefect(
      ["seen"],
      "§6.2, §10",
      "A sleep that has begun is over once its time has come; the local engine calls the same code a time-traveler on replay.",
    ),
  ),
]);
