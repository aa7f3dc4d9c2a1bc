/** What user code catches for what a callback threw, and what an instance ends with (runtime.md §3). */
import { topic, type Scenario } from "../scenario.ts";

type Draft = Parameters<typeof topic>[1][number];

/** Caught around a step. */
const thrown = (name: string, expression: string, top = ""): Draft => ({
  name: `throws-${name}`,
  module: top,
  run: `await caught(step.do("fail", once, async () => { throw ${expression}; }));`,
});

/** Not caught, out of `run` itself. */
const uncaught = (name: string, expression: string, top = ""): Draft => ({
  name: `uncaught-${name}`,
  module: top,
  run: `throw ${expression};`,
});

const CUSTOM = `class Custom extends Error {
  constructor(message) { super(message, { cause: new Error("inner") }); this.name = "MyErr"; this.code = 7; }
}`;

export const errors: readonly Scenario[] = topic("errors", [
  thrown("error", `new Error("boom")`),
  thrown("type-error", `new TypeError("t")`),
  thrown("range-error", `new RangeError("r")`),
  thrown("syntax-error", `new SyntaxError("s")`),
  thrown("named-error", `Object.assign(new Error("mm"), { name: "MyErr" })`),
  thrown("custom-class", `new Custom("mm")`, CUSTOM),
  thrown("unnamed-subclass", `new Sub("mm")`, "class Sub extends TypeError {}"),
  thrown("empty-message", "new Error()"),
  thrown("string", `"str"`),
  thrown("number", "42"),
  thrown("object", "{ a: 1 }"),
  thrown("undefined", "undefined"),
  thrown("null", "null"),
  thrown("aggregate-error", `new AggregateError([new Error("a")], "many")`),
  thrown("dom-exception", `new DOMException("dom", "AbortError")`),
  thrown("timeout-lookalike", `Object.assign(new Error("mine"), { name: "WorkflowTimeoutError" })`),
  thrown("builtin-renamed", `Object.assign(new TypeError("t"), { name: "Renamed" })`),
  {
    name: "throws-synchronously",
    run: `await caught(step.do("fail", once, () => { throw new TypeError("at once"); }));`,
  },
  {
    name: "caught-and-continued",
    run: `
      try { await step.do("fail", once, async () => { throw new Error("boom"); }); } catch (e) { see(e.message); }
      return await step.do("after", async () => "went on");
    `,
  },
  {
    name: "error-keeps-no-extras",
    module: CUSTOM,
    run: `
      try { await step.do("fail", once, async () => { throw new Custom("mm"); }); }
      catch (e) { see(e.code, e.cause, e.name, e instanceof Error); }
    `,
  },
  uncaught("error", `new Error("top")`),
  uncaught("type-error", `new TypeError("top")`),
  uncaught("custom-class", `new Custom("top")`, CUSTOM),
  uncaught("string", `"topstr"`),
  uncaught("number", "7"),
  uncaught("object", "{ a: 1 }"),
  uncaught("undefined", "undefined"),
  { name: "uncaught-step-error", run: `await step.do("fail", once, async () => { throw new RangeError("r"); });` },
  {
    name: "uncaught-step-custom",
    module: CUSTOM,
    run: `await step.do("fail", once, async () => { throw new Custom("mm"); });`,
  },
  {
    name: "uncaught-rethrown",
    run: `
      try { await step.do("fail", once, async () => { throw new Error("inner"); }); }
      catch (e) { throw new Error("outer: " + e.message, { cause: e }); }
    `,
  },
  { name: "uncaught-after-steps", run: `await step.do("one", async () => 1); throw new Error("late");` },
]);
