/**
 * The graph of every kind of code that a workflow may be written in. Each source is drawn as it is written, as the
 * project's own bundling makes it, and with its names shortened: all three must come to the same.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transform } from "esbuild";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../model/limits.ts";
import { bundle } from "../build/bundle.ts";
import { plainBuild } from "../build/options.ts";
import { drawGraph } from "./draw.ts";
import type { Graph, GraphNode } from "./nodes.ts";

async function bundled(source: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "stepwell-graph-"));
  try {
    await writeFile(join(folder, "index.js"), source);
    return (await bundle(plainBuild(folder, "index.js"))).code;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function shortened(code: string): Promise<string> {
  return (await transform(code, { format: "esm", minifyIdentifiers: true, minifyWhitespace: true, keepNames: true })).code;
}

const HEAD = 'import { WorkflowEntrypoint } from "cloudflare:workers";';

/** Draws a class `Flow` in the three ways. `comparable` leaves out what the ways of writing may differ in. */
async function draw(source: string, comparable: (graph: Graph) => unknown = (graph) => graph): Promise<Graph["workflow"]> {
  const code = `${HEAD}\n${source}`;
  const graph = drawGraph(code, "Flow");
  if (graph === null) throw new Error("There is no graph");
  const made = await bundled(code);
  for (const each of [made, await shortened(made)]) {
    const other = drawGraph(each, "Flow");
    expect(other && comparable(other)).toEqual(comparable(graph));
  }
  return graph.workflow;
}

/** As `draw`, for what is in `run`. */
function drawRun(body: string, comparable?: (graph: Graph) => unknown): Promise<Graph["workflow"]> {
  return draw(`export class Flow extends WorkflowEntrypoint { async run(event, step) { ${body} } }`, comparable);
}

/** Conditions, and other pieces of source, differ once names are shortened. */
const withoutSource = (graph: Graph): unknown =>
  JSON.parse(
    JSON.stringify(graph, (key, value: unknown) =>
      ["condition", "discriminant", "duration", "timestamp", "timeout", "event_type"].includes(key) && value !== null
        ? "…"
        : value,
    ),
  );

const CONFIG = { retries: { limit: 5, delay: 10_000, backoff: "exponential" }, timeout: "10 minutes" };

const step = (name: string, more: object = {}): object => ({ type: "step_do", name, config: CONFIG, nodes: [], ...more });

/** A tree as short text: `a loop(b) if(x:c, :d)`. */
function short(nodes: readonly GraphNode[]): string {
  return nodes.map(shortNode).join(" ");
}

function shortNode(node: GraphNode): string {
  switch (node.type) {
    case "if":
    case "switch": {
      const branches = node.branches.map(({ condition, nodes }) => `${condition ?? ""}: ${short(nodes)}`.trim());
      return `${node.type === "if" ? "if" : `switch ${node.discriminant}`}(${branches.join(", ")})`;
    }
    case "try": {
      const parts = { try: node.try_block, catch: node.catch_block, finally: node.finally_block };
      return Object.entries(parts)
        .flatMap(([name, part]) => (part === null ? [] : [`${name}(${short(part.nodes)})`]))
        .join(" ");
    }
    case "parallel":
      return `${node.kind}(${node.nodes.map(shortNode).join(", ")})`;
    case "loop":
    case "block":
      return `${node.type}(${short(node.nodes)})`;
    case "break":
      return node.kind;
    case "function_call":
      return `${node.name}()${moments(node)}`;
    case "step_do":
      return `${node.name}${node.nodes.length > 0 ? `[${short(node.nodes)}]` : ""}${moments(node)}`;
    case "step_sleep":
    case "step_sleep_until":
    case "step_wait_for_event":
      return `${node.name}${moments(node)}`;
    case "function_def":
    case "start":
      throw new Error(`A ${node.type} is inside another node`);
  }
}

function moments({ starts, resolves }: { readonly starts?: number; readonly resolves?: number }): string {
  return starts === undefined ? "" : `@${starts}${resolves === undefined ? "" : `-${resolves}`}`;
}

describe("each kind of node", () => {
  test("step_do, with the settings of the engine where the code has none", async () => {
    const {
      nodes,
      functions,
      class_name: name,
    } = await drawRun(`
      await step.do("a", async () => 1);
      await step.do("b", { retries: { limit: 3, delay: "5 seconds", backoff: "linear" }, timeout: 30_000 }, async () => 2);
      await step.do("c", { retries: { limit: 1, delay: ({ ctx }) => ctx.attempt * 1000 } }, async () => 3);
      await step.do("d", async () => 4, { rollback: async () => {} });
    `);
    expect([name, functions]).toEqual(["Flow", {}]);
    expect(nodes).toEqual([
      step("a"),
      step("b", { config: { retries: { limit: 3, delay: "5 seconds", backoff: "linear" }, timeout: 30_000 } }),
      step("c", { config: { ...CONFIG, retries: { limit: 1, delay: "[dynamic]", backoff: "exponential" } } }),
      step("d"),
    ]);
  });

  test("step_sleep and step_sleep_until, with values or the source that computes them", async () => {
    const { nodes } = await drawRun(
      `const { seconds } = event.payload;
       await step.sleep("a", "1 hour");
       await step.sleep("b", 60 * 1000);
       await step.sleep("c", seconds * 2);
       await step.sleepUntil("d", new Date("2027-01-01"));
       await step.sleepUntil("e", 1_800_000_000_000);
       await step.sleepUntil("f", event.payload.at);`,
      withoutSource,
    );
    expect(nodes).toEqual([
      { type: "step_sleep", name: "a", duration: "1 hour" },
      { type: "step_sleep", name: "b", duration: 60_000 },
      { type: "step_sleep", name: "c", duration: "seconds * 2" },
      { type: "step_sleep_until", name: "d", timestamp: "2027-01-01" },
      { type: "step_sleep_until", name: "e", timestamp: "1800000000000" },
      { type: "step_sleep_until", name: "f", timestamp: "event.payload.at" },
    ]);
  });

  test("step_wait_for_event, with the fields that are read of what comes", async () => {
    const { nodes, payload } = await drawRun(
      `const { user: { name }, items, ...rest } = event.payload;
       for (const item of items.filter(Boolean)) console.log(item.sku, event.payload.total.toFixed(2));
       const a = await step.waitForEvent("a", { type: "approval", timeout: "2 days" });
       if (a.payload.ok && items.length) console.log(a.payload.by.name.toUpperCase(), (a) => a.payload.other);
       await step.waitForEvent("b", { type: \`for-\${name}\` });
       await step.waitForEvent("c", options);`,
      withoutSource,
    );
    const unknown = { type: "unknown" };
    expect(nodes).toEqual([
      {
        type: "step_wait_for_event",
        name: "a",
        options: { event_type: "approval", timeout: "2 days" },
        payload: { type: "object", fields: { ok: unknown, by: { type: "object", fields: { name: unknown } } } },
      },
      { type: "step_wait_for_event", name: "b", options: { event_type: "for-${...}", timeout: "24 hours" } },
      { type: "step_wait_for_event", name: "c", options: null },
    ]);
    expect(payload).toEqual({
      type: "object",
      fields: { user: { type: "object", fields: { name: unknown } }, items: unknown, total: unknown },
    });
  });

  test("loop, of every statement and every method that is one", async () => {
    const { nodes } = await drawRun(`
      for (let i = 0; i < 3; i++) await step.do("for", async () => i);
      for (const x of xs) await step.do("of", async () => x);
      for (const x in xs) await step.do("in", async () => x);
      while (await step.do("asked", async () => true)) await step.do("while", async () => 1);
      do { await step.do("do", async () => 1); } while (more());
      await xs.forEach(async (x) => { await step.do("each", async () => x); });
      for (const x of xs) console.log(x);
    `);
    expect(short(nodes)).toBe("loop(for) loop(of) loop(in) loop(asked while) loop(do) loop(each)");
  });

  test("parallel, of the four kinds", async () => {
    const { nodes } = await drawRun(`
      await Promise.all([step.do("a", f), step.sleep("b", 1)]);
      await Promise.allSettled(xs.map((x) => step.do("c", async () => x)));
      await Promise.any([step.do("d", f), (async () => { await step.do("e", f); await step.do("g", f); })()]);
      return Promise.race([...xs.map(async (x) => { await step.do("h", f); }), step.sleep("late", "1 hour")]);
    `);
    expect(short(nodes)).toBe(
      "all(a@1-2, b@1-2) all_settled(loop(c@2-3)) any(d@3-5, block(e@3-4 g@4-5)) race(loop(h), late@5-6)",
    );
  });

  test("try, with the parts that it has", async () => {
    const { nodes } = await drawRun(`
      try { await step.do("a", f); } catch (error) { await step.do("b", f); } finally { await step.do("c", f); }
      try { await step.do("d", f); } catch { console.log("no"); }
      try { await step.do("e", f); } finally { await step.do("g", f); }
      try { console.log("nothing"); } catch {}
      await step.do("h", f).catch(() => step.do("i", f));
    `);
    expect(short(nodes)).toBe("try(a) catch(b) finally(c) try(d) catch() try(e) finally(g) try(h) catch(i@1-2)");
    expect(nodes[0]).toEqual({
      type: "try",
      try_block: { type: "block", nodes: [step("a")] },
      catch_block: { type: "block", nodes: [step("b")] },
      finally_block: { type: "block", nodes: [step("c")] },
    });
  });

  test("if, of every way to write one", async () => {
    const { nodes } = await drawRun(
      `if (x > 1) await step.do("a", f); else if (x) await step.do("b", f); else { await step.do("c", f); }
       if (y) { console.log(y); } else await step.do("d", f);
       await (z ? step.do("e", f) : step.do("g", f));
       y && (await step.do("h", f));
       y || (await step.do("i", f));
       const k = y ?? (await step.do("j", f));
       if (a) await step.do("k", f); else if (await step.do("l", f)) await step.do("m", f);
       if (y) console.log(k);`,
      withoutSource,
    );
    expect(short(nodes)).toBe(
      "if(x > 1: a, x: b, : c) if(y:, : d) if(z: e, : g) if(y: h) if(!(y): i) if(y == null: j) " +
        'if(a: k, : l if(await step.do("l", f): m))',
    );
  });

  test("switch, where cases that share their statements are one branch", async () => {
    const { nodes } = await drawRun(
      `switch (event.payload.kind) {
         case "a": await step.do("a", f); break;
         case "b": case "c": await step.do("bc", f); break;
         case "d": break;
         default: await step.do("other", f);
       }`,
      withoutSource,
    );
    expect(short(nodes)).toBe('switch event.payload.kind("a": a, "b", "c": bc, "d":, : other)');
  });

  test("break, where steps could still have followed", async () => {
    const { nodes } = await drawRun(
      `if (early) return "nothing";
       await step.do("a", f);
       for (const x of xs) {
         if (x.last) break;
         if (x.bad) return;
         await step.do("b", f);
         if (x.skip) continue;
       }
       outer: for (const x of xs) { for (const y of x) { if (y) break outer; await step.do("c", f); } }
       for (const x of xs) if (x) break;
       if (late) return "too late to matter";
       return "end";`,
      withoutSource,
    );
    expect(short(nodes)).toBe("if(early: return) a loop(if(x.last: break) if(x.bad: return) b) loop(loop(if(y: break) c))");
  });

  test("function_call and function_def, of whatever the step gets to", async () => {
    const { nodes, functions } = await draw(`
      const charge = async (step, name) => { await step.do("charge", f); };
      async function notify({ step }) { await step.do("notify", f); await audit(step); }
      function audit(s) { return s.do("audit", f); }
      async function unrelated() { return 1; }
      export class Flow extends WorkflowEntrypoint {
        async run(event, step) {
          const local = async () => { await step.do("local", f); };
          await unrelated();
          await charge(step, "x");
          await notify({ step, event });
          await local();
          await this.method(step);
          await this.field(step);
        }
        async method(step) { await step.do("method", f); await this.field(step); }
        field = async (step) => { await step.do("field", f); };
      }`);
    expect(short(nodes)).toBe("charge() notify() local() method() field()");
    expect(Object.entries(functions).map(([name, def]) => `${name}: ${short(def.nodes)}`)).toEqual([
      "charge: charge",
      "notify: notify audit()",
      "audit: audit",
      "local: local",
      "method: method field()",
      "field: field",
    ]);
    expect(functions["charge"]).toEqual({ type: "function_def", name: "charge", nodes: [step("charge")] });
  });
});

describe("classes", () => {
  const BODY = 'async run(event, step) { await step.do("a", async () => 1); }';

  test.each([
    ["exported where it is declared", `export class Flow extends WorkflowEntrypoint { ${BODY} }`],
    ["exported under another name", `class Inner extends WorkflowEntrypoint { ${BODY} }\nexport { Inner as Flow };`],
    ["an expression", `export const Flow = class Inner extends WorkflowEntrypoint { ${BODY} };`],
    ["assigned later", `let Flow; Flow = class extends WorkflowEntrypoint { ${BODY} };\nexport { Flow };`],
    ["of a base class", `class Base extends WorkflowEntrypoint { ${BODY} }\nexport class Flow extends Base {}`],
    [
      "of a base class that calls it back",
      `class Base extends WorkflowEntrypoint { async run(event, step) { await this.work(step); } }
       export class Flow extends Base { async run(event, step) { await super.run(event, step); } async work(step) { await step.do("a", f); } }`,
    ],
  ])("%s", async (_, source) => {
    const { nodes, functions } = await draw(source);
    expect(JSON.stringify([nodes, functions])).toContain('"name":"a"');
  });

  test("the default export", () => {
    const graph = drawGraph(`${HEAD} export default class extends WorkflowEntrypoint { ${BODY} }`, "default");
    expect(graph?.workflow.nodes).toHaveLength(1);
  });
});

describe("the step", () => {
  test.each([
    ["renamed", "async run(e, s) { await s.do('a', f); await s.sleep('b', 1); }", "a b"],
    ["taken apart", "async run(_, { do: d, sleep }) { await d('a', f); await sleep('b', 1); }", "a b"],
    ["taken apart later", "async run(e, step) { const { do: d } = step; const again = d; await again('a', f); }", "a"],
    ["under a second name", "async run(e, step) { const s = step; let t; t = s; await t.do('a', f); }", "a"],
    ["with brackets", "async run(e, step) { await step['do']('a', f); }", "a"],
    ["bound", "async run(e, step) { const d = step.do.bind(step); await d('a', f); }", "a"],
    ["kept in this", "async run(e, step) { this.step = step; await this.a(); } async a() { await this.step.do('a', f); }", "a()"],
    ["in an object", "async run(e, step) { const ctx = { step }; await ctx.step.do('a', f); }", "a"],
    ["inside a callback", "async run(e, step) { await step.do('a', async () => { await step.do('b', f); }); }", "a[b]"],
    ["in a named callback", "async run(e, step) { const work = async () => step.do('b', f); await step.do('a', work); }", "a[b]"],
    ["in a call's arguments", "async run(e, step) { console.log(await step.do('a', f), await step.do('b', f)); }", "a b"],
    ["in a function called at once", "async run(e, step) { await (async () => { await step.do('a', f); })(); }", "a"],
    ["in a callback of unknown code", "async run(e, step) { await retry(async () => step.do('a', f)); }", "a@1-2"],
    ["in a sequence", "async run(e, step) { return log(), await step.do('a', f), await step.do('b', f), 1; }", "a b"],
  ])("%s", async (_, run, expected) => {
    const { nodes } = await draw(`export class Flow extends WorkflowEntrypoint { ${run} }`);
    expect(short(nodes)).toBe(expected);
  });

  test("in a private method, whose name gets lost when names are shortened", () => {
    const run = "async run(event, step) { await this.#pay(step); } async #pay(step) { await step.do('a', f); }";
    const graph = drawGraph(`${HEAD} export class Flow extends WorkflowEntrypoint { ${run} }`, "Flow");
    expect(Object.keys(graph?.workflow.functions ?? {})).toEqual(["#pay"]);
  });

  test("held by an instance of a class", async () => {
    const { nodes, functions } = await draw(`
      class Base { constructor(step) { this.step = step; } }
      class Cart extends Base { constructor(step) { super(step); } async pay() { await this.step.do("pay", f); } }
      export class Flow extends WorkflowEntrypoint { async run(event, step) { const cart = new Cart(step); await cart.pay(); } }`);
    expect(short(nodes)).toBe("pay()");
    expect(short(functions["pay"]?.nodes ?? [])).toBe("pay");
  });
});

describe("names", () => {
  test("are texts, or show where something is put in", async () => {
    const { nodes } = await draw(`
      const PREFIX = "order";
      export class Flow extends WorkflowEntrypoint {
        async run(event, step) {
          await step.do(\`\${PREFIX} a\`, f);
          await step.do(\`b \${event.payload.id} of \${event.payload.n}\`, f);
          await step.do("c " + event.payload.id, f);
          await step.do(event.payload.name, f);
          let name = "d"; name = name + "!"; await step.do(name, f);
        }
      }`);
    expect(short(nodes)).toBe("order a b ${...} of ${...} c ${...} <dynamic> <dynamic>");
  });

  test("of functions that share one are kept apart", async () => {
    const { nodes, functions } = await drawRun(`
      { const work = async () => { await step.do("a", f); }; await work(); }
      { const work = async () => { await step.do("b", f); }; await work(); }
    `);
    expect(short(nodes)).toBe("work() work_2()");
    expect(Object.values(functions).map((each) => short(each.nodes))).toEqual(["a", "b"]);
  });

  test("settings may stand elsewhere in the module", async () => {
    const { nodes } = await draw(`
      const LIMIT = 2;
      const retries = { limit: LIMIT, delay: "1 second" };
      const config = { retries, timeout: "1 minute" };
      export class Flow extends WorkflowEntrypoint { async run(event, step) { await step.do("a", { ...config, timeout: 5 }, f); } }`);
    expect(nodes).toEqual([
      step("a", { config: { retries: { limit: 2, delay: "1 second", backoff: "exponential" }, timeout: 5 } }),
    ]);
  });
});

describe("moments", () => {
  test("are those of Cloudflare's own example", async () => {
    const { nodes, functions } = await drawRun(`
      const branchA = async () => {
        const a = step.do("a", f);
        const b = step.do("b", f);
        const c = await step.waitForEvent("c", { type: "my-event", timeout: "1 hour" });
        await step.do("d", async () => JSON.stringify(c));
        return Promise.all([a, b]);
      };
      const branchB = async () => {
        const e = step.do("e", f);
        const g = step.do("g", f);
        return Promise.all([e, g]);
      };
      await Promise.all([branchA(), branchB()]);
      await step.sleep("final", 1000);
    `);
    expect(short(nodes)).toBe("all(branchA()@1-2, branchB()@1-2) final");
    expect(short(functions["branchA"]?.nodes ?? [])).toBe("a@1-3 b@1-3 c@1-2 d@2-3");
    expect(short(functions["branchB"]?.nodes ?? [])).toBe("all(e@1-2, g@1-2)");
  });

  test.each([
    ["awaited at once: none", 'await step.do("a", f); await step.do("b", f);', "a b"],
    ["awaited later", 'const p = step.do("a", f); await step.do("b", f); await p; await step.do("c", f);', "a@1-2 b@1-2 c"],
    ["never awaited", 'step.do("a", f); await step.do("b", f);', "a@1 b@1-2"],
    [
      "pushed to a list",
      'const ps = []; for (const x of xs) ps.push(step.do("a", f)); await Promise.all(ps);',
      "all(loop(a@1-2))",
    ],
    ["mapped to a list", 'const ps = xs.map((x) => step.do("a", f)); await Promise.all(ps);', "all(loop(a@1-2))"],
    ["awaited one by one", 'const ps = xs.map((x) => step.do("a", f)); for (const p of ps) await p;', "loop(a@1-2)"],
    ["chained", 'await step.do("a", f).then((x) => step.do("b", f));', "a b@1-2"],
    ["started before something else", 'const p = step.do("a", f); await step.do("b", f); await Promise.all([p]);', "a@1-2 b@1-2"],
  ])("%s", async (_, body, expected) => {
    expect(short((await drawRun(body)).nodes)).toBe(expected);
  });
});

describe("there is no graph", () => {
  const flow = (body: string, more = ""): string =>
    `${HEAD} export class Flow extends WorkflowEntrypoint { async run(event, step) { ${body} } } ${more}`;

  test.each([
    ["of nothing", ""],
    ["of no module", "export class {"],
    ["of a class that is not exported", `${HEAD} class Flow {}`],
    ["of what is no class", "export const Flow = 1;"],
    ["of a class without run", "export class Flow {}"],
    ["of a class that extends itself", "export class Flow extends Flow {}"],
    ["when the step goes to unknown code", flow("await unknown(step);")],
    ["when it does so inside an object", flow("await unknown({ a: { step } });")],
    ["when it is kept by unknown code", flow("globalThis.step = step;")],
    ["when its method is computed", flow("await step[event.payload.verb]('a', f);")],
    ["when the syntax is too deep", flow(`f(${"[".repeat(LIMITS.graphDepth)}${"]".repeat(LIMITS.graphDepth)});`)],
    ["when parsing runs out of stack", flow(`f(${"[".repeat(100_000)}${"]".repeat(100_000)});`)],
    ["when there is too much to look at", flow(`f([${"1,".repeat(LIMITS.graphVisits)}]);`)],
    ["when there is too much to parse", flow(`/*${" ".repeat(LIMITS.graphCode)}*/`)],
  ])("%s", (_, code) => {
    expect(drawGraph(code, "Flow")).toBeNull();
  });

  test("but there is one of as much as may be", () => {
    const room = LIMITS.graphCode - flow("/**/").length;
    expect(drawGraph(flow(`/*${" ".repeat(room)}*/`), "Flow")).not.toBeNull();
    expect(drawGraph(flow(`/*${" ".repeat(room + 1)}*/`), "Flow")).toBeNull();
    expect(
      drawGraph(flow(`f(${"[".repeat(LIMITS.graphDepth / 2)}${"]".repeat(LIMITS.graphDepth / 2)});`), "Flow"),
    ).not.toBeNull();
    expect(drawGraph(flow(`f([${"1,".repeat(LIMITS.graphVisits / 2)}]);`), "Flow")).not.toBeNull();
  });

  test.each([
    [LIMITS.graphText, 0],
    [LIMITS.graphText + 1, 3],
  ])("a condition of %i characters, of which %i are dots", (length, dots) => {
    const condition = "x".repeat(length);
    const text = JSON.stringify(drawGraph(flow(`if (${condition}) await step.do("a", f); else await step.do("b", f);`), "Flow"));
    expect(text).toContain(`"${condition.slice(0, LIMITS.graphText - dots)}${".".repeat(dots)}"`);
  });

  test("but there is one of code that calls itself, or one another", () => {
    const graph = drawGraph(
      flow(
        "await a(step, event.payload.n); await e(step);",
        `async function a(step, n) { if (n === 0) return; await step.do("a", f); await b(step, n - 1); }
         async function b(step, n) { await a(step, n); await c(step); }
         async function c(step) { await d(step); }
         async function d(step) { await c(step); }
         async function e(step, ...more) { await e(step, () => e(step), ...more); }`,
      ),
      "Flow",
    );
    expect(graph && short(graph.workflow.nodes)).toBe("a()");
    expect(Object.keys(graph?.workflow.functions ?? {})).toEqual(["a", "b"]);
  });

  test("and one of a workflow without steps, which is empty", () => {
    expect(drawGraph(flow("return 1;"), "Flow")?.workflow).toEqual({
      class_name: "Flow",
      functions: {},
      nodes: [],
      payload: { type: "unknown" },
    });
  });
});
