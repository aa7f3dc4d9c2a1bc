/** What came to Workflows in 2026: rollback, stream outputs, subscriptions, restart from a step, secret outputs (runtime.md §8.3, §9, §12.3, §14, §17). */
import { localDefect, ofNode, onPurpose, topic, type Action, type Difference, type Scenario } from "../scenario.ts";
import { LOGGED } from "./steps.ts";

const FAILS = `await step.do("fails", once, async () => { throw new RangeError("no"); });`;

const HANDLER_CONTEXT = onPurpose(
  ["seen"],
  "§14.4",
  "A handler gets its own attempt and configuration; the local engine passes those of the step, so that it cannot count its attempts.",
);
const NO_ERROR = "`rollback_step_errored` has the error that its type promises; the local engine leaves it out";
const NAMED = "The error of a termination is named `Terminated`; the local engine's loses its name at the RPC boundary.";

/** By the name of the scenario. */
const ROLLBACK_DIFFERENCES: Readonly<Record<string, readonly Difference[]>> = {
  "after-non-retryable": [LOGGED],
  context: [HANDLER_CONTEXT],
  retries: [{ ...HANDLER_CONTEXT, in: ["seen", "events"] }],
  halts: [localDefect(["events"], "§1.6", `${NO_ERROR}.`)],
  timeout: [localDefect(["events"], "§1.6", `${NO_ERROR}.`)],
  "non-retryable": [localDefect(["events"], "§1.6, §7.7", `${NO_ERROR}. stepwell's log has what was thrown.`)],
  "steps-refused-inside": [
    localDefect(["seen"], "§14.4", "A step inside a handler is refused with that reason; on the local engine its stub is gone."),
  ],
  "on-terminate": [localDefect(["seen"], "§14.4", NAMED)],
  "on-terminate-paused": [
    onPurpose(
      ["seen"],
      "§14.4, §14.5",
      `${NAMED} And a paused instance has left stepwell's memory, so that its code is run again to find the handlers.`,
    ),
  ],
};

type Draft = Parameters<typeof topic>[1][number];

const undone = (name: string, run: string, script?: readonly Action[]): Draft => ({
  name: `rollback-${name}`,
  differences: ROLLBACK_DIFFERENCES[name] ?? [],
  module: `const undo = (see, config) => ({ rollback: async ({ ctx, output, error }) => { see("undo " + ctx.step.name, output, error); }, ...config });`,
  run,
  ...(script && { script }),
});

export const rollback: readonly Scenario[] = topic("rollback", [
  undone("reverse-order", `for (const n of ["a", "b", "c"]) await step.do(n, async () => n, undo(see)); ${FAILS}`),
  undone("not-on-success", `await step.do("a", async () => 1, undo(see)); return "fine";`),
  undone("plain-throw", `await step.do("a", async () => 1, undo(see)); throw new TypeError("top");`),
  undone("none-registered", `await step.do("a", async () => 1); ${FAILS}`),
  undone("with-config", `await step.do("a", once, async () => 1, undo(see)); ${FAILS}`),
  undone(
    "failed-step-itself",
    `await step.do("a", async () => 1, undo(see)); await step.do("b", once, async () => { throw new Error("b fails"); }, undo(see));`,
  ),
  undone(
    "caught-failure-counts",
    `await caught(step.do("a", once, async () => { throw new Error("a fails"); }, undo(see))); ${FAILS}`,
  ),
  undone(
    "some-without",
    `await step.do("a", async () => 1, undo(see)); await step.do("b", async () => 2); await step.do("c", async () => 3, undo(see)); ${FAILS}`,
  ),
  undone(
    "context",
    `
      await step.do("a", retries(2, 3, "linear"), async () => ({ n: 1 }), { rollback: async (context) => see(Object.keys(context).sort().join(), context.ctx, context.stepName, context.output) }); ${FAILS}`,
  ),
  undone(
    "retries",
    `
      await step.do("a", async () => 1, { rollback: async ({ ctx: { attempt } }) => { see(attempt); if (attempt < 3) throw new Error("again"); }, rollbackConfig: retries(5) }); ${FAILS}`,
  ),
  undone(
    "halts",
    `
      await step.do("a", async () => 1, undo(see));
      await step.do("b", async () => 2, { rollback: async () => { throw new Error("cannot undo"); }, rollbackConfig: once });
      await step.do("c", async () => 3, undo(see)); ${FAILS}`,
  ),
  undone(
    "non-retryable",
    `
      await step.do("a", async () => 1, { rollback: async ({ ctx: { attempt } }) => { see(attempt); throw new NonRetryableError("stop"); }, rollbackConfig: retries(3) }); ${FAILS}`,
  ),
  undone(
    "timeout",
    `
      await step.do("a", async () => 1, { rollback: () => (see("undoing"), new Promise(() => {})), rollbackConfig: { ...once, timeout: 40 } }); ${FAILS}`,
  ),
  undone(
    "parallel-steps",
    `
      await Promise.all(["a", "b", "c"].map((n) => step.do(n, () => n, undo(see)))); ${FAILS}`,
  ),
  undone(
    "steps-refused-inside",
    `
      await step.do("a", async () => 1, { rollback: async () => { await caught(step.do("inside", async () => 1)); }, rollbackConfig: once }); ${FAILS}`,
  ),
  undone(
    "after-non-retryable",
    `await step.do("a", async () => 1, undo(see)); await step.do("b", retries(3), async () => { throw new NonRetryableError("stop"); });`,
  ),
  undone(
    "after-time-out",
    `await step.do("a", async () => 1, undo(see)); await step.do("b", { ...once, timeout: 30 }, () => new Promise(() => {}));`,
  ),
  undone(
    "same-name-twice",
    `
      for (let i = 1; i <= 2; i += 1) await step.do("same", async () => i, { rollback: async ({ ctx: { step: { count } }, output, stepName }) => see(count, output, stepName) }); ${FAILS}`,
  ),
  undone("on-terminate", `await step.do("a", async () => 1, undo(see)); see("ready"); await step.sleep("nap", "1 minute");`, [
    ["create"],
    ["seen", "ready"],
    ["wait", 150],
    ["terminate", { rollback: true }],
    ["end"],
  ]),
  undone(
    "not-on-plain-terminate",
    `await step.do("a", async () => 1, undo(see)); see("ready"); await step.sleep("nap", "1 minute");`,
    [["create"], ["seen", "ready"], ["wait", 150], ["terminate"], ["end"]],
  ),
  undone(
    "on-terminate-paused",
    `await step.do("a", async () => 1, undo(see)); see("ready"); await step.sleep("nap", "1 minute"); see("asleep no more");`,
    [["create"], ["seen", "ready"], ["wait", 150], ["pause"], ["until", "paused"], ["terminate", { rollback: true }], ["end"]],
  ),
]);

const READ = `const read = async (stream) => { const chunks = []; for await (const chunk of stream) chunks.push(chunk); return chunks; };
const total = (chunks) => chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
const text = async (stream) => new TextDecoder().decode(await new Response(stream).arrayBuffer());
const streamOf = (...chunks) => new ReadableStream({ start(controller) { for (const chunk of chunks) controller.enqueue(chunk); controller.close(); } });
const bytes = (value) => new TextEncoder().encode(value);`;

const streamed = (name: string, run: string, script?: readonly Action[]): Draft => ({
  name: `stream-${name}`,
  module: READ,
  run,
  ...(script && { script }),
});

export const streams: readonly Scenario[] = topic("streams", [
  streamed(
    "text",
    `const s = await step.do("s", async () => streamOf(bytes("hello "), bytes("world"))); see(s instanceof ReadableStream, await text(s));`,
  ),
  streamed("empty", `see(await text(await step.do("s", async () => streamOf())));`),
  streamed(
    "chunk-types",
    `see((await read(await step.do("s", async () => streamOf(new Uint8Array([1]), new Int16Array([2]), new Uint8Array([3]).buffer)))).flatMap((c) => [...c]));`,
  ),
  streamed(
    "large",
    `const chunks = await read(await step.do("s", async () => streamOf(...Array.from({ length: 3 }, () => new Uint8Array(400_000))))); see(total(chunks), chunks.every((c) => c.byteLength <= 262_144));`,
  ),
  streamed(
    "retried",
    `
      see(await text(await step.do("s", retries(1), async ({ attempt }) => { if (attempt === 1) throw new Error("again"); return streamOf(bytes("attempt " + attempt)); })));`,
  ),
  {
    ...streamed(
      "read-twice",
      `const s = await step.do("s", async () => streamOf(bytes("once"))); see(await text(s)); await caught(text(s));`,
    ),
    differences: [ofNode(["seen"], "§9", "The text is that of the runtime, which Node words in its own way.")],
  },
  {
    ...streamed(
      "fails-midway",
      `
      await caught(step.do("s", once, async () => new ReadableStream({ pull(controller) { controller.error(new Error("midway")); } })));`,
    ),
    differences: [
      onPurpose(
        ["seen", "status", "error", "events"],
        "§9",
        "A stream that breaks off fails its step, which can be caught; the local engine ends the instance.",
      ),
    ],
  },
  {
    ...streamed(
      "locked",
      `await caught(step.do("s", once, async () => { const s = streamOf(bytes("x")); s.getReader(); return s; }));`,
    ),
    differences: [
      onPurpose(
        ["seen", "events"],
        "§9",
        "The text is the documented one; on the local engine the crossing between Workers refuses the stream first.",
      ),
    ],
  },
  {
    ...streamed("nested-in-object", `await caught(step.do("s", once, async () => ({ s: streamOf(bytes("x")) })));`),
    differences: [
      onPurpose(
        ["seen", "status", "error", "events"],
        "§8.1",
        "What cannot be stored fails its step, which can be caught; the local engine ends the instance.",
      ),
    ],
  },
  streamed(
    "replayed",
    `const s = await step.do("s", async () => (see("callback"), streamOf(bytes("kept")))); see(await text(s)); see("waits"); await step.waitForEvent("gate", { type: "go", timeout: "1 minute" });`,
    [
      ["create"],
      ["seen", "waits"],
      ["wait", 150],
      ["pause"],
      ["until", "paused"],
      ["wait", 300],
      ["resume"],
      ["wait", 150],
      ["sendEvent", { type: "go" }],
      ["end"],
    ],
  ),
  {
    ...streamed(
      "rolled-back",
      `
      await step.do("s", async () => streamOf(bytes("undo me")), { rollback: async ({ output }) => see(await text(output)), rollbackConfig: once }); throw new Error("no");`,
    ),
    differences: [
      localDefect(
        ["seen", "events"],
        "§14.4",
        "A handler is given the stream to read; on the local engine it is locked already.",
      ),
    ],
  },
]);

const watched = (name: string, options: unknown, run: string, ...before: readonly Action[]): Draft => ({
  name: `subscribe-${name}`,
  script: [["create"], ...before, ["end"], ["events", options]],
  run,
});

const TWO = `await step.do("a", once, async () => ({ n: 1 })); await step.do("b", once, async () => new Map([[1, 2]])); return new Set([3]);`;

const WAITS = onPurpose(["answers"], "§12.1", "Waiting is reported, as in all event streams; the local engine never reports it.");

const NO_OUTPUT = localDefect(
  ["answers"],
  "§1.6",
  "`workflow_completed` has no `output` when `run` returned `undefined`, as `step_completed` has none; on the local engine it has one that is `undefined`.",
);

export const subscribe: readonly Scenario[] = topic("subscribe", [
  watched("all", undefined, TWO),
  watched("from-cursor", { cursor: 2 }, TWO),
  watched("past-the-end", { cursor: 1_000 }, TWO),
  watched("filtered", { filter: ["step_completed", "workflow_completed"] }, TWO),
  watched("filter-without-end", { filter: ["step_completed"] }, TWO),
  {
    ...watched(
      "failure",
      undefined,
      `await caught(step.do("s", retries(1), async () => { throw new TypeError("no"); })); throw new RangeError("top");`,
    ),
    differences: [WAITS],
  },
  {
    ...watched(
      "sleep-and-wait",
      undefined,
      `await step.sleep("nap", 200); await caught(step.waitForEvent("wait", { type: "go", timeout: 200 })); return null;`,
    ),
    differences: [WAITS],
  },
  {
    ...watched("secret", undefined, `await step.do("s", { ...once, sensitive: "output" }, async () => "secret");`),
    differences: [NO_OUTPUT],
  },
  {
    ...watched(
      "undefined-and-null",
      undefined,
      `await step.do("u", once, async () => {}); await step.do("n", once, async () => null);`,
    ),
    differences: [NO_OUTPUT],
  },
  watched("dynamic-delay", { filter: ["step_started"] }, `await step.do("s", retries(0, () => 1), async () => 1);`),
  watched("bad-cursor", { cursor: -1 }, "return 1;"),
  watched("bad-filter", { filter: ["nothing"] }, "return 1;"),
  watched("unknown-option", { since: 1 }, "return 1;"),
]);

const HISTORY = onPurpose(
  ["events"],
  "§12.3, §17",
  "A restart is one more event: what happened before it stays in the stream. The local engine takes the wiped steps out of its log, and begins without `workflow_queued`.",
);

const restarted = (name: string, from: unknown, ...after: readonly Action[]): Draft => ({
  name: `restart-from-${name}`,
  differences: name.startsWith("missing") ? [] : [HISTORY],
  script: [["create"], ["end"], ["restart", { from }], ["wait", 150], ["end"], ...after],
  run: `
    for (const n of ["a", "b", "a"]) see(await step.do(n, once, async ({ step: { name, count } }) => (see("runs " + name + count), name + count)));
    await step.sleep("nap", 5); see(await step.do("last", once, async () => (see("runs last"), "last")));`,
});

export const restartFrom: readonly Scenario[] = topic("restart-from", [
  restarted("first", { name: "a" }),
  restarted("middle", { name: "b" }),
  restarted("second-count", { name: "a", count: 2 }),
  restarted("sleep", { name: "nap", type: "sleep" }),
  restarted("last", { name: "last" }),
  restarted("missing", { name: "nothing" }),
  restarted("missing-count", { name: "b", count: 2 }),
  {
    name: "restart-from-failed-step",
    differences: [HISTORY],
    script: [["create"], ["end"], ["restart", { from: { name: "b" } }], ["wait", 150], ["end"]],
    module: "let calls = 0;",
    run: `
      see(await step.do("a", once, async () => (see("runs a"), 1))); see(await step.do("b", once, async () => { calls += 1; if (calls === 1) throw new Error("first time"); return calls; }));`,
  },
]);

const SECRET = `{ ...once, sensitive: "output" }`;

export const sensitive: readonly Scenario[] = topic("sensitive", [
  { name: "sensitive-real-for-code", run: `see(await step.do("s", ${SECRET}, async () => ({ key: "secret" })));` },
  { name: "sensitive-config-shown", run: `await step.do("s", ${SECRET}, async ({ config: { sensitive } }) => see(sensitive));` },
  {
    name: "sensitive-error-shown",
    run: `await caught(step.do("s", ${SECRET}, async () => { throw new Error("not a secret"); }));`,
  },
  {
    name: "sensitive-replayed",
    script: [
      ["create"],
      ["seen", "waits"],
      ["wait", 150],
      ["pause"],
      ["until", "paused"],
      ["wait", 300],
      ["resume"],
      ["wait", 150],
      ["sendEvent", { type: "go" }],
      ["end"],
    ],
    run: `
      see(await step.do("s", ${SECRET}, async () => (see("callback"), "secret"))); see("waits"); await step.waitForEvent("gate", { type: "go", timeout: "1 minute" });`,
  },
]);
