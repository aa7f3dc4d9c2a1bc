/** How steps are called, named, counted and combined (runtime.md §2, §3.2, §5, §6 and §13). */
import { localDefect, onPurpose, topic, type Difference, type Scenario } from "../scenario.ts";

type Draft = Parameters<typeof topic>[1][number];

const tick = `(ms) => new Promise((resolve) => setTimeout(resolve, ms))`;

export const parallel: readonly Scenario[] = topic("parallel", [
  {
    name: "parallel-all",
    order: "per step",
    run: `see(await Promise.all(["a", "b", "c"].map((n) => step.do(n, async () => n.toUpperCase()))));`,
  },
  {
    name: "parallel-same-name",
    order: "per step",
    run: `see(await Promise.all([1, 2, 3].map((n) => step.do("same", async ({ step: { count } }) => [n, count]))));`,
  },
  {
    name: "parallel-all-settled",
    order: "per step",
    run: `
      const all = await Promise.allSettled([step.do("good", async () => 1), step.do("bad", once, async () => { throw new Error("no"); })]);
      see(all.map(({ status }) => status), all[1].reason);`,
  },
  {
    name: "parallel-first-failure",
    order: "per step",
    run: `
      await caught(Promise.all([step.do("bad", once, async () => { throw new Error("no"); }), step.do("good", async () => "fine")]));
      see(await step.do("after", async () => "after"));`,
  },
  {
    name: "parallel-many",
    order: "per step",
    run: `const all = await Promise.all(Array.from({ length: 30 }, (_, i) => step.do("s" + i, async () => i))); see(all);`,
  },
  {
    name: "parallel-finish-order",
    order: "per step",
    module: `const tick = ${tick};`,
    run: `
      const order = [];
      await Promise.all([800, 400, 1].map((ms) => step.do("after" + ms, () => tick(ms)).then(() => order.push(ms))));
      see(order);`,
  },
  {
    name: "parallel-own-attempts",
    order: "per step",
    run: `
      const flaky = (until) => async ({ attempt }) => { if (attempt < until) throw new Error("again"); return attempt; };
      see(await Promise.all([1, 2, 3].map((n) => step.do("until" + n, retries(5), flaky(n)))));`,
  },
  {
    name: "parallel-race",
    order: "per step",
    module: `const tick = ${tick};`,
    run: `
      see(await Promise.race([step.do("slow", () => tick(2000).then(() => "slow")), step.do("fast", async () => "fast")]));`,
  },
  {
    name: "parallel-mixed-kinds",
    order: "per step",
    run: `
      await Promise.all([step.do("x", async () => 1), step.sleep("x", 20), caught(step.waitForEvent("x", { type: "never", timeout: 20 }))]); see("all");`,
  },
  {
    name: "parallel-chains",
    order: "per step",
    run: `
      const chain = async (n) => { const a = await step.do(n + "1", async () => n); await step.sleep(n + "nap", 10); return await step.do(n + "2", async () => a + a); };
      see(await Promise.all([chain("p"), chain("q")]));`,
  },
  {
    name: "unawaited-failing",
    order: "per step",
    run: `
      step.do("bad", once, async () => { throw new Error("not awaited"); }).catch(() => {}); await step.sleep("nap", 300); return "done";`,
  },
  {
    name: "unawaited-dangling",
    order: "per step",
    run: `
      step.do("slow", () => new Promise(() => {})); await step.do("quick", async () => 1); return "done";`,
  },
]);

export const nested: readonly Scenario[] = topic("nested", [
  { name: "nested-do", run: `see(await step.do("outer", async () => (await step.do("inner", async () => 1)) + 1));` },
  {
    name: "nested-inner-fails",
    run: `await caught(step.do("outer", once, async () => { await step.do("inner", once, async () => { throw new Error("deep"); }); }));`,
  },
  {
    name: "nested-inner-caught",
    run: `see(await step.do("outer", once, async () => { await caught(step.do("inner", once, async () => { throw new Error("deep"); })); return "outer"; }));`,
  },
  {
    name: "nested-outer-retried",
    run: `
      await caught(step.do("outer", retries(1), async ({ attempt }) => { see(await step.do("inner", async ({ step: { count } }) => count)); if (attempt === 1) throw new Error("again"); return "ok"; }));`,
  },
  { name: "nested-three-deep", run: `see(await step.do("a", () => step.do("b", () => step.do("c", async () => "deep"))));` },
  {
    name: "nested-same-name",
    run: `see(await step.do("s", async ({ step: a }) => [a.count, await step.do("s", async ({ step: b }) => b.count)]));`,
  },
  { name: "nested-sleep", run: `see(await step.do("outer", async () => { await step.sleep("nap", 10); return "slept"; }));` },
]);

const refused = (name: string, call: string, differences: readonly Difference[] = []): Draft => ({
  name: `invalid-${name}`,
  run: `await caught(${call});`,
  differences,
});
const accepted = (name: string, call: string): Draft => ({ name: `valid-${name}`, run: `await caught(${call});` });

export const validation: readonly Scenario[] = topic("validation", [
  refused("no-callback", `step.do("s")`),
  refused("config-without-callback", `step.do("s", {})`),
  refused("callback-text", `step.do("s", {}, "callback")`),
  accepted("null-config", `step.do("s", null, async () => 1)`),
  accepted("undefined-config", `step.do("s", undefined, async () => 1)`),
  accepted("empty-config", `step.do("s", {}, async () => 1)`),
  accepted("empty-name", `step.do("", async ({ step: { name } }) => name)`),
  accepted("name-of-256", `step.do("n".repeat(256), async () => 1)`),
  refused("name-of-257", `step.do("n".repeat(257), async () => 1)`),
  refused("name-with-newline", `step.do("a\\nb", async () => 1)`),
  refused("name-with-nul", `step.do("a\\u0000b", async () => 1)`, [
    localDefect(["seen"], "§5.1", "The local engine's message ends where the name has its NUL."),
  ]),
  accepted("name-unicode", `step.do("naïve 😀 / step", async ({ step: { name } }) => name)`),
  refused("unknown-key", `step.do("s", { retry: 1 }, async () => 1)`),
  refused("unknown-retries-key", `step.do("s", { retries: { limit: 1, delay: 1, jitter: 1 } }, async () => 1)`),
  refused("retries-without-limit", `step.do("s", { retries: { delay: 1 } }, async () => 1)`),
  refused("retries-without-delay", `step.do("s", { retries: { limit: 1 } }, async () => 1)`),
  refused("negative-limit", `step.do("s", { retries: { limit: -1, delay: 1 } }, async () => 1)`),
  refused("infinite-limit", `step.do("s", { retries: { limit: Infinity, delay: 1 } }, async () => 1)`),
  refused("nan-limit", `step.do("s", { retries: { limit: NaN, delay: 1 } }, async () => 1)`),
  refused("limit-text", `step.do("s", { retries: { limit: "3", delay: 1 } }, async () => 1)`),
  refused("negative-delay", `step.do("s", { retries: { limit: 0, delay: -1 } }, async () => 1)`),
  refused("delay-nonsense", `step.do("s", { retries: { limit: 0, delay: "soon" } }, async () => 1)`),
  refused("delay-glued-unit", `step.do("s", { retries: { limit: 0, delay: "10s" } }, async () => 1)`),
  refused("delay-unknown-unit", `step.do("s", { retries: { limit: 0, delay: "10 h" } }, async () => 1)`, [
    onPurpose(["seen", "events", "log"], "§4, §24", "An unknown unit is refused; the local engine takes it for milliseconds."),
  ]),
  refused("backoff", `step.do("s", { retries: { limit: 0, delay: 1, backoff: "random" } }, async () => 1)`),
  refused("timeout-zero", `step.do("s", { timeout: 0 }, async () => 1)`),
  refused("timeout-zero-text", `step.do("s", { timeout: "0" }, async () => 1)`),
  refused("timeout-empty", `step.do("s", { timeout: "" }, async () => 1)`),
  refused("timeout-negative", `step.do("s", { timeout: -1 }, async () => 1)`),
  refused("timeout-nonsense", `step.do("s", { timeout: "soon" }, async () => 1)`),
  accepted("timeout-years", `step.do("s", { timeout: "5 years" }, async () => 1)`),
  refused("sensitive-true", `step.do("s", { sensitive: true }, async () => 1)`),
  refused("sensitive-all", `step.do("s", { sensitive: "all" }, async () => 1)`),
  refused("rollback-options", `step.do("s", async () => 1, "undo")`),
  refused("rollback-null", `step.do("s", async () => 1, null)`),
  refused("rollback-array", `step.do("s", async () => 1, [])`),
  refused("rollback-missing", `step.do("s", async () => 1, {})`),
  refused("rollback-config", `step.do("s", async () => 1, { rollback: async () => {}, rollbackConfig: { timeout: "soon" } })`),
  {
    name: "invalid-is-not-retried",
    run: `let calls = 0; await caught(step.do("s", { ...retries(3), wrong: 1 }, async () => (calls += 1))); see(calls); see(await step.do("s", async ({ step: { count } }) => count));`,
  },
  { name: "invalid-uncaught", run: `await step.do("s", { wrong: 1 }, async () => 1);` },
  {
    name: "limit-of-steps-reached",
    maxSteps: 3,
    run: `for (let i = 0; i < 3; i += 1) await step.do("s", async () => i); await step.sleep("nap", 1); return "three";`,
  },
  { name: "limit-of-steps-passed", maxSteps: 3, run: `for (let i = 0; i < 4; i += 1) await step.do("s", async () => see(i));` },
  {
    name: "limit-of-steps-caught",
    maxSteps: 1,
    run: `await step.do("a", async () => 1); await caught(step.do("b", async () => 2)); return "went on";`,
  },
]);

export const naming: readonly Scenario[] = topic("naming", [
  {
    name: "names-count-up",
    run: `for (let i = 0; i < 3; i += 1) see(await step.do("same", async ({ step: { name, count } }) => [name, count]));`,
  },
  {
    name: "names-count-apart",
    run: `for (const n of ["a", "b", "a", "b"]) see(await step.do(n, async ({ step: { name, count } }) => [name, count]));`,
  },
  {
    name: "names-by-kind",
    run: `
      see(await step.do("x", async ({ step: { count } }) => count)); await step.sleep("x", 1); await caught(step.waitForEvent("x", { type: "t", timeout: 10 }));
      see(await step.do("x", async ({ step: { count } }) => count));`,
  },
  {
    name: "names-like-display-names",
    run: `await step.do("a-1", async () => 1); await step.do("a", async () => 2); await step.do("a-1", async () => 3);`,
  },
  {
    name: "names-of-prototype",
    run: `for (const n of ["__proto__", "constructor", "toString"]) see(await step.do(n, async ({ step: { name, count } }) => [name, count]));`,
  },
  {
    name: "names-number",
    differences: [onPurpose(["seen"], "§5.1", "A step's name is text, whatever it was given as.")],
    run: `await caught(step.do(7, async ({ step: { name } }) => name));`,
  },
  {
    name: "names-after-failure",
    run: `await caught(step.do("s", once, async () => { throw new Error("no"); })); see(await step.do("s", async ({ step: { count } }) => count));`,
  },
]);

export const stepObject: readonly Scenario[] = topic("step object", [
  {
    name: "step-destructured",
    run: `const { do: run, sleep } = step; see(await run("a", async () => 1)); await sleep("nap", 1);`,
  },
  {
    name: "step-typeof-methods",
    run: `see(typeof step.do, typeof step.sleep, typeof step.sleepUntil, typeof step.waitForEvent);`,
  },
  {
    name: "step-typeof",
    differences: [
      onPurpose(
        ["seen"],
        "§2",
        "`step` is an object and has what it has; on the local engine it is an RPC stub, of which any property is a function.",
      ),
    ],
    run: `see(typeof step, typeof step.unknown);`,
  },
  {
    name: "step-passed-on",
    module: `const helper = async (s, n) => s.do("helped " + n, async () => n);`,
    run: `see(await helper(step, 1), await helper(step, 2));`,
  },
  {
    name: "step-callback-forms",
    run: `see(await step.do("sync", () => 1), await step.do("async", async () => 2), await step.do("ignores", function () { return 3; }));`,
  },
  {
    name: "step-pipelined",
    differences: [onPurpose(["seen"], "§2", "The promise of a step is a promise: pipelining needs an `await` in between.")],
    run: `await caught((async () => await step.do("o", async () => ({ a: { b: 1 } })).a.b)());`,
  },
  {
    name: "params-and-event-shape",
    script: [["create", { params: { n: 1 } }], ["end"]],
    run: `see(Object.keys(event).sort().join(), event.payload, event.timestamp instanceof Date, event.instanceId, event.workflowName);`,
  },
  { name: "params-default", run: `see(event.payload);` },
  {
    name: "params-rich",
    script: [["create", { params: { when: new Date(5), set: new Set([1n]), re: /a/g, none: undefined } }], ["end"]],
    run: `see(event.payload);`,
  },
  { name: "params-text", script: [["create", { params: "text" }], ["end"]], run: `see(event.payload);` },
  { name: "params-null", script: [["create", { params: null }], ["end"]], run: `see(event.payload);` },
  {
    name: "entrypoint-members",
    run: `see(typeof this.env.entrypoint_members.create, typeof this.ctx.waitUntil, this instanceof WorkflowEntrypoint); this.ctx.waitUntil(Promise.resolve());`,
  },
  { name: "entrypoint-own-methods", run: `this.helper = async (n) => n * 2; see(await step.do("s", () => this.helper(4)));` },
]);

/** The log of the local engine says the same of every one of them, unless a flag is set. */
/** What is logged of an attempt that a NonRetryableError ended. */
export const LOGGED: Difference = onPurpose(
  ["events"],
  "§7.7",
  "stepwell's log has what was thrown, with the flag that preserves the message and without.",
);

const stop = `async ({ attempt }) => { see(attempt); throw new NonRetryableError("stop"); }`;
const REPLACE = ["workflows_replace_non_retryable_error_message"];
const PRESERVE = ["workflows_preserve_non_retryable_error_message"];

export const nonRetryable: readonly Scenario[] = topic("non-retryable", [
  { name: "nonretryable-caught", differences: [LOGGED], run: `await caught(step.do("s", retries(3), ${stop}));` },
  { name: "nonretryable-uncaught", differences: [LOGGED], run: `await step.do("s", retries(3), ${stop});` },
  { name: "nonretryable-uncaught-preserved", flags: PRESERVE, run: `await step.do("s", retries(3), ${stop});` },
  {
    name: "nonretryable-uncaught-replaced",
    flags: REPLACE,
    differences: [LOGGED],
    run: `await step.do("s", retries(3), ${stop});`,
  },
  { name: "nonretryable-from-run", run: `throw new NonRetryableError("at the top");` },
  { name: "nonretryable-from-run-preserved", flags: PRESERVE, run: `throw new NonRetryableError("at the top");` },
  {
    name: "nonretryable-custom-name",
    differences: [
      onPurpose(
        ["seen", "events", "log"],
        "§3.2, §24",
        "A NonRetryableError is recognised by its class, too: with a name of its own it is not retried.",
      ),
    ],
    run: `await caught(step.do("s", retries(1), async ({ attempt }) => { see(attempt); throw new NonRetryableError("stop", "CustomName"); }));`,
  },
  {
    name: "nonretryable-by-name",
    differences: [LOGGED],
    run: `await caught(step.do("s", retries(2), async ({ attempt }) => { see(attempt); throw Object.assign(new Error("x"), { name: "NonRetryableError" }); }));`,
  },
  {
    name: "nonretryable-by-message",
    differences: [LOGGED],
    run: `await caught(step.do("s", retries(2), async ({ attempt }) => { see(attempt); throw new Error("NonRetryableError-ish"); }));`,
  },
  {
    name: "nonretryable-subclass",
    differences: [LOGGED],
    module: `class Sub extends NonRetryableError {}`,
    run: `await caught(step.do("s", retries(1), async ({ attempt }) => { see(attempt); throw new Sub("sub"); }));`,
  },
  {
    name: "nonretryable-second-attempt",
    differences: [LOGGED],
    run: `await caught(step.do("s", retries(5), async ({ attempt }) => { see(attempt); throw attempt === 1 ? new Error("again") : new NonRetryableError("enough"); }));`,
  },
  {
    name: "nonretryable-then-more",
    differences: [LOGGED],
    run: `await caught(step.do("s", retries(3), ${stop})); return await step.do("after", async () => "went on");`,
  },
  {
    name: "nonretryable-empty-message",
    differences: [LOGGED],
    run: `await caught(step.do("s", retries(3), async () => { throw new NonRetryableError(""); }));`,
  },
  {
    name: "nonretryable-instance-test",
    differences: [LOGGED],
    run: `try { await step.do("s", retries(3), ${stop}); } catch (e) { see(e instanceof NonRetryableError, e.name, e.message); }`,
  },
  {
    name: "nonretryable-class",
    run: `const e = new NonRetryableError("m"); see(e.name, e.message, e instanceof Error); see(new NonRetryableError("m", "N").name);`,
  },
]);
