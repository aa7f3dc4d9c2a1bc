/** Attempts, back-off, computed delays and time-outs (runtime.md §7). */
import { onPurpose, topic, type Difference, type Scenario } from "../scenario.ts";

type Draft = Parameters<typeof topic>[1][number];

const FAILING = `async ({ attempt }) => { see(attempt); throw new Error("no " + attempt); }`;

export const retrying: readonly Scenario[] = topic("retries", [
  { name: "retries-none", run: `await caught(step.do("s", retries(0), ${FAILING}));` },
  { name: "retries-exhausted", run: `await caught(step.do("s", retries(2), ${FAILING}));` },
  {
    name: "retries-succeed-third",
    run: `await caught(step.do("s", retries(5), async ({ attempt }) => { see(attempt); if (attempt < 3) throw new Error("no"); return "yes"; }));`,
  },
  { name: "retries-constant", run: `await caught(step.do("s", retries(3, 2, "constant"), ${FAILING}));` },
  { name: "retries-linear", run: `await caught(step.do("s", retries(3, 2, "linear"), ${FAILING}));` },
  { name: "retries-exponential", run: `await caught(step.do("s", retries(4, 2, "exponential"), ${FAILING}));` },
  { name: "retries-default-backoff", run: `await caught(step.do("s", { retries: { limit: 3, delay: 2 } }, ${FAILING}));` },
  { name: "retries-fractional-limit", run: `await caught(step.do("s", retries(1.5), ${FAILING}));` },
  { name: "retries-delay-text", run: `await caught(step.do("s", retries(1, "0.01 seconds"), ${FAILING}));` },
  { name: "retries-delay-numeric-text", run: `await caught(step.do("s", retries(1, "5"), ${FAILING}));` },
  { name: "retries-delay-zero", run: `await caught(step.do("s", retries(2, 0), ${FAILING}));` },
  {
    name: "retries-errors-differ",
    run: `
      await caught(step.do("s", retries(1), async ({ attempt }) => { throw attempt === 1 ? new TypeError("first") : new RangeError("last"); }));`,
  },
  {
    name: "retries-two-steps",
    run: `
      const flaky = async ({ attempt, step: { name } }) => { see(name, attempt); if (attempt === 1) throw new Error("once"); return name; };
      see(await step.do("a", retries(1), flaky), await step.do("b", retries(1), flaky));`,
  },
  {
    name: "retries-context",
    run: `
      await step.do("s", { retries: { limit: 3, delay: "5 seconds", backoff: "linear" }, timeout: "1 minute" }, async (ctx) => see(Object.keys(ctx).join(), ctx));`,
  },
  {
    name: "retries-context-number",
    run: `await step.do("s", { retries: { limit: 1, delay: 7 }, timeout: 5000 }, async (ctx) => see(ctx.config));`,
  },
  {
    name: "retries-context-mutated",
    run: `
      await caught(step.do("s", retries(1), async (ctx) => { see(ctx.attempt, ctx.config.retries.limit); ctx.config.retries.limit = 9; ctx.attempt = 7; throw new Error("no"); }));`,
  },
  {
    name: "retries-default-limit",
    run: `await step.do("s", async (ctx) => see(ctx.config.retries.limit, ctx.config.retries.backoff, ctx.config.timeout));`,
  },
]);

const delayed = (
  name: string,
  delay: string,
  limit = 1,
  backoff = "constant",
  differences: readonly Difference[] = [],
): Draft => ({
  name: `delay-${name}`,
  differences,
  run: `await caught(step.do("s", retries(${limit}, ${delay}, "${backoff}"), ${FAILING}));`,
});

/** The delay function fails. */
const fails = (name: string, delay: string): Draft =>
  delayed(name, delay, 3, "constant", [
    onPurpose(
      ["events"],
      "§7.4",
      "The last attempt is logged with the failure of the delay function, which is what the step fails with; the local engine logs there what the callback threw.",
    ),
  ]);

export const delays: readonly Scenario[] = topic("delays", [
  delayed("number", "() => 3"),
  delayed("text", `() => "0.005 seconds"`),
  delayed("async", "async () => 3"),
  delayed("by-attempt", "({ ctx }) => ctx.attempt * 2", 3),
  delayed("exponential", "() => 2", 3, "exponential"),
  delayed("sees-error", "({ error }) => (see(error), 1)"),
  delayed("sees-context", "({ ctx }) => (see(ctx), 1)"),
  fails("throws", `() => { throw new Error("bad delay"); }`),
  fails("throws-text", `() => { throw "bad"; }`),
  fails("rejects", `async () => { throw new TypeError("late"); }`),
  fails("nan", "() => NaN"),
  fails("negative", "() => -5"),
  fails("wrong-type", "() => ({})"),
  fails("nonsense-text", `() => "soon"`),
  fails("undefined", "() => undefined"),
  fails("infinite", "() => Infinity"),
  { name: "delay-not-called-without-retry", run: `await caught(step.do("s", retries(0, () => (see("asked"), 1)), ${FAILING}));` },
  { name: "delay-hidden-in-context", run: `await step.do("s", retries(1, () => 1), async (ctx) => see(ctx.config.retries));` },
]);

const timed = (name: string, timeout: string, callback: string, limit = 0): Draft => ({
  name: `timeout-${name}`,
  run: `await caught(step.do("s", { ...retries(${limit}), timeout: ${timeout} }, ${callback}));`,
});

const NEVER = "() => new Promise(() => {})";

export const timeouts: readonly Scenario[] = topic("time-outs", [
  timed("once", "40", NEVER),
  timed("text", `"0.04 seconds"`, NEVER),
  timed("numeric-text", `"40"`, NEVER),
  timed("retried", "40", `({ attempt }) => (see(attempt), attempt === 1 ? new Promise(() => {}) : "second")`, 1),
  timed("exhausted", "30", `({ attempt }) => (see(attempt), new Promise(() => {}))`, 2),
  timed("in-time", "5000", `async () => "quick"`),
  timed("zero-seconds", `"0 seconds"`, NEVER),
  timed("in-context", `"2 minutes"`, "async (ctx) => see(ctx.config.timeout)"),
  {
    name: "timeout-late-result-ignored",
    run: `
      let release;
      const late = new Promise((resolve) => { release = resolve; });
      await caught(step.do("s", { ...once, timeout: 30 }, () => late));
      release("late");
      see(await step.do("after", async () => "after"));
    `,
  },
  {
    name: "timeout-attempts-overlap",
    run: `
      let second, first;
      const begun = new Promise((resolve) => { second = resolve; });
      const ended = new Promise((resolve) => { first = resolve; });
      await caught(step.do("s", { ...retries(1), timeout: 100 }, async ({ attempt }) => {
        see("start " + attempt);
        if (attempt === 2) { second(); await ended; return attempt; }
        await begun; see("first goes on"); first(); return attempt;
      }));
    `,
  },
  { name: "timeout-uncaught", run: `await step.do("s", { ...once, timeout: 30 }, ${NEVER});` },
]);
