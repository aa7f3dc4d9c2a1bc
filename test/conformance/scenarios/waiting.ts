/** Sleeps and events (runtime.md §10 and §11). */
import { localDefect, onPurpose, topic, type Action, type Difference, type Scenario } from "../scenario.ts";

export const sleeps: readonly Scenario[] = topic("sleeps", [
  { name: "sleep-short", run: `const before = Date.now(); see(await step.sleep("nap", 30)); see(Date.now() - before >= 29);` },
  { name: "sleep-text", run: `see(await step.sleep("nap", "0.02 seconds"));` },
  { name: "sleep-numeric-text", run: `see(await step.sleep("nap", "20"));` },
  { name: "sleep-zero", run: `see(await step.sleep("nap", 0));` },
  { name: "sleep-negative", run: `see(await step.sleep("nap", -5));` },
  { name: "sleep-fraction", run: `see(await step.sleep("nap", 1.5));` },
  { name: "sleep-twice", run: `await step.sleep("nap", 5); await step.sleep("nap", 5);` },
  {
    name: "sleep-twice-other-length",
    differences: [
      localDefect(
        ["events", "log"],
        "§6.2",
        "The length of a sleep is no part of its name: the second one counts as the second.",
      ),
    ],
    run: `await step.sleep("nap", 5); await step.sleep("nap", 6);`,
  },
  {
    name: "sleep-unknown-unit",
    differences: [
      onPurpose(["seen", "events", "log"], "§4, §24", "An unknown unit is refused; the local engine takes it for milliseconds."),
    ],
    run: `await caught(step.sleep("nap", "20 h"));`,
  },
  {
    name: "sleep-nonsense",
    differences: [
      onPurpose(
        ["seen", "events", "log"],
        "§4",
        "Refused with a sentence that says what is wrong; the local engine fails in its storage.",
      ),
    ],
    run: `await caught(step.sleep("nap", "blah"));`,
  },
  { name: "sleep-long-name", run: `await caught(step.sleep("n".repeat(300), 1));` },
  {
    name: "sleep-too-long",
    differences: [
      onPurpose(["seen", "events", "log"], "§10", "A sleep may last a year, as documented; the local engine does not look."),
    ],
    run: `await caught(Promise.race([step.sleep("nap", "2 years"), new Promise((resolve) => setTimeout(resolve, 300, "asleep"))]));`,
  },
  {
    name: "sleep-a-year",
    run: `await caught(Promise.race([step.sleep("nap", "1 year"), new Promise((resolve) => setTimeout(resolve, 300, "asleep"))]));`,
  },
  {
    name: "wait-a-year",
    run: `await caught(Promise.race([step.waitForEvent("e", { type: "t", timeout: "1 year" }), new Promise((resolve) => setTimeout(resolve, 300, "waiting"))]));`,
  },
  { name: "sleep-until-date", run: `see(await step.sleepUntil("nap", new Date(Date.now() + 1000)));` },
  { name: "sleep-until-number", run: `see(await step.sleepUntil("nap", Date.now() + 1000));` },
  { name: "sleep-until-past", run: `await caught(step.sleepUntil("nap", new Date(Date.now() - 1000)));` },
  {
    name: "sleep-until-invalid",
    differences: [
      onPurpose(
        ["seen", "events", "log"],
        "§4",
        "Refused with a sentence that says what is wrong; the local engine fails in its storage.",
      ),
    ],
    run: `await caught(step.sleepUntil("nap", new Date(NaN)));`,
  },
  {
    name: "sleep-parallel",
    order: "per step",
    run: `await Promise.all([step.sleep("a", 30), step.sleep("b", 10), step.sleep("c", 20)]); see("all");`,
  },
  {
    name: "sleep-between-steps",
    run: `see(await step.do("a", async () => 1)); await step.sleep("nap", 20); see(await step.do("b", async () => 2));`,
  },
  {
    name: "sleep-in-loop",
    run: `for (let i = 0; i < 3; i += 1) { see(await step.do("tick", async () => i)); await step.sleep("nap", 5); }`,
  },
]);

const send = (type: string, payload?: unknown): Action => ["sendEvent", { type, payload }];
/** Sent once the workflow has said that it waits. */
const answered = (...events: readonly Action[]): readonly Action[] => [["create"], ["seen", "waits"], ...events, ["end"]];

type Draft = Parameters<typeof topic>[1][number];

const waits = (name: string, script: readonly Action[], run: string, ...differences: readonly Difference[]): Draft => ({
  name: `event-${name}`,
  differences,
  script,
  run,
});

const WAIT = `await step.waitForEvent("wait", { type: "go", timeout: "1 minute" })`;

export const events: readonly Scenario[] = topic("events", [
  waits(
    "received",
    answered(send("go", { n: 1 })),
    `see("waits"); const e = ${WAIT}; see(Object.keys(e).sort().join(), e.payload, e.type, e.timestamp instanceof Date);`,
  ),
  waits("buffered", answered(send("go", 1)), `see("waits"); await step.sleep("first", 100); see((${WAIT}).payload);`),
  waits(
    "buffered-in-order",
    answered(...[1, 2, 3].map((n) => send("go", n))),
    `see("waits"); await step.sleep("first", 150); for (let i = 0; i < 3; i += 1) see((${WAIT}).payload);`,
  ),
  waits(
    "twelve-in-order",
    answered(...Array.from({ length: 12 }, (_, i) => send("go", i))),
    `see("waits"); await step.sleep("first", 600); for (let i = 0; i < 12; i += 1) see((${WAIT}).payload);`,
  ),
  waits(
    "other-type-stays",
    answered(send("other", 1), send("go", 2)),
    `
      see("waits"); see((${WAIT}).payload);
      see((await step.waitForEvent("second", { type: "other", timeout: "1 minute" })).payload);`,
  ),
  waits(
    "two-waiters",
    answered(send("go", 1), send("go", 2)),
    `
      const both = [step.waitForEvent("a", { type: "go", timeout: "1 minute" }), step.waitForEvent("b", { type: "go", timeout: "1 minute" })];
      await step.do("registered", async () => 1); await step.sleep("registered", 50); see("waits");
      for (const e of await Promise.all(both)) see(e.payload);`,
  ),
  waits("times-out", [["create"], ["end"]], `await caught(step.waitForEvent("wait", { type: "go", timeout: 30 }));`),
  waits(
    "times-out-text",
    [["create"], ["end"]],
    `await caught(step.waitForEvent("wait", { type: "go", timeout: "0.03 seconds" }));`,
  ),
  waits("times-out-uncaught", [["create"], ["end"]], `await step.waitForEvent("wait", { type: "go", timeout: 30 });`),
  waits(
    "after-time-out",
    answered(send("go", 1)),
    `
      await caught(step.waitForEvent("first", { type: "go", timeout: 20 })); see("waits");
      see((await step.waitForEvent("second", { type: "go", timeout: "1 minute" })).payload);`,
  ),
  waits("no-payload", answered(send("go")), `see("waits"); const e = ${WAIT}; see("payload" in e, e.payload);`),
  waits(
    "rich-payload",
    answered(
      send("go", {
        when: new Date(5),
        map: new Map([[1, new Set(["x"])]]),
        big: 5n,
        none: undefined,
        bytes: new Uint8Array([7]),
      }),
    ),
    `see("waits"); see((${WAIT}).payload);`,
  ),
  waits("null-payload", answered(send("go", null)), `see("waits"); see((${WAIT}).payload);`),
  waits(
    "default-time-out",
    answered(send("go", 1)),
    `see("waits"); see((await step.waitForEvent("wait", { type: "go" })).payload);`,
  ),
  waits(
    "zero-time-out-is-default",
    answered(send("go", 1)),
    `see("waits"); see((await step.waitForEvent("wait", { type: "go", timeout: 0 })).payload);`,
  ),
  waits(
    "same-name-twice",
    answered(send("go", 1), send("go", 2)),
    `see("waits"); see((${WAIT}).payload); see((${WAIT}).payload);`,
  ),
  waits(
    "to-finished",
    [["create"], ["end"], send("go", 1)],
    `return 1;`,
    onPurpose(["answers"], "§11", "Production refuses events to an instance that has ended; the local engine drops them."),
  ),
  waits("to-missing", [["on", "missing"], send("go", 1), ["on", "it"], ["create"], ["end"]], `return 1;`),
  waits(
    "dotted-type",
    answered(send("a.b", 1), ["wait", 50]),
    `see("waits"); await caught(step.waitForEvent("wait", { type: "a.b", timeout: 300 }).then((e) => e.payload));`,
    onPurpose(
      ["seen", "answers", "events", "log"],
      "§5.1",
      "A type has 1 to 100 letters, digits, _ and -, as documented; the local engine does not look.",
    ),
  ),
  waits(
    "long-type",
    [["create"], ["end"]],
    `await caught(step.waitForEvent("wait", { type: "t".repeat(101), timeout: 30 }));`,
    onPurpose(
      ["seen", "events", "log"],
      "§5.1",
      "A type has 1 to 100 letters, digits, _ and -, as documented; the local engine does not look.",
    ),
  ),
  waits(
    "missing-options",
    [["create"], ["end"]],
    `await caught(step.waitForEvent("wait"));`,
    onPurpose(["seen"], "§5.4", "Refused with a sentence that says what is missing."),
  ),
  waits(
    "missing-type",
    [["create"], ["end"]],
    `await caught(step.waitForEvent("wait", { timeout: 30 }));`,
    onPurpose(
      ["seen", "events", "log"],
      "§5.4",
      "Refused with a sentence that says what is missing; the local engine waits for the type `undefined`.",
    ),
  ),
  waits(
    "nonsense-time-out",
    [["create"], ["end"]],
    `await caught(step.waitForEvent("wait", { type: "go", timeout: "soon" }));`,
    onPurpose(
      ["seen", "events", "log"],
      "§4",
      "Refused with a sentence that says what is wrong; the local engine fails in its storage.",
    ),
  ),
  {
    ...waits(
      "race-with-sleep",
      answered(send("go", 1)),
      `
      see("waits");
      see(await Promise.race([${WAIT.replace("await ", "")}.then((e) => e.payload), step.sleep("long", "1 minute").then(() => "slept")]));`,
    ),
    order: "per step",
  },
  waits(
    "wakes-between-steps",
    answered(send("go", 1)),
    `
      await step.do("before", async () => see("waits")); see((${WAIT}).payload); await step.do("after", async () => see("after"));`,
  ),
]);
