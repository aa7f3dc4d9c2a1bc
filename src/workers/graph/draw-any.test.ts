/** Any program: the steps that were put into it are those that are found, and no text at all makes drawing throw. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { transform } from "esbuild";
import { drawGraph } from "./draw.ts";
import type { Graph } from "./nodes.ts";

/** A piece of a program: how it is written, given a source of fresh names. */
type Piece = (name: () => string) => string;

const call: Piece[] = [
  (name) => `step.do("${name()}", async () => 1)`,
  (name) => `step.do("${name()}", { retries: { limit: 1, delay: 1 } }, async () => { log("x"); })`,
  (name) => `step.sleep("${name()}", "1 hour")`,
  (name) => `step.sleepUntil("${name()}", at)`,
  (name) => `step.waitForEvent("${name()}", { type: "t" })`,
  (name) => `d("${name()}", async () => 1)`,
];

const { statements } = fc.letrec<{ call: Piece; expression: Piece; statement: Piece; statements: Piece }>((tie) => ({
  call: fc.constantFrom(...call),
  expression: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("call"),
    fc.tuple(tie("expression"), tie("expression")).map(
      ([a, b]): Piece =>
        (n) =>
          `Promise.all([${a(n)}, ${b(n)}])`,
    ),
    tie("expression").map(
      (a): Piece =>
        (n) =>
          `Promise.race(xs.map((x) => ${a(n)}))`,
    ),
    tie("expression").map(
      (a): Piece =>
        (n) =>
          `(x ? ${a(n)} : undefined)`,
    ),
    tie("statements").map(
      (a): Piece =>
        (n) =>
          `(async () => { ${a(n)} })()`,
    ),
    tie("statements").map(
      (a): Piece =>
        (n) =>
          `retry(async () => { ${a(n)} })`,
    ),
    fc.tuple(tie("expression"), tie("statements")).map(
      ([a, b]): Piece =>
        (n) =>
          `${a(n)}.catch(async () => { ${b(n)} })`,
    ),
    tie("statements").map(
      (a): Piece =>
        (n) =>
          `step.do("${n()}", async () => { ${a(n)} })`,
    ),
  ),
  statement: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("expression").map(
      (a): Piece =>
        (n) =>
          `await ${a(n)};`,
    ),
    tie("expression").map(
      (a): Piece =>
        (n) =>
          `const v${n()} = ${a(n)};`,
    ),
    tie("expression").map(
      (a): Piece =>
        (n) =>
          `x && await ${a(n)};`,
    ),
    tie("expression").map(
      (a): Piece =>
        (n) =>
          `all.push(${a(n)});`,
    ),
    fc.tuple(tie("statements"), tie("statements")).map(
      ([a, b]): Piece =>
        (n) =>
          `if (x) { ${a(n)} } else { ${b(n)} }`,
    ),
    tie("statements").map(
      (a): Piece =>
        (n) =>
          `for (const x of xs) { ${a(n)} if (x) break; }`,
    ),
    tie("statements").map(
      (a): Piece =>
        (n) =>
          `while (more()) { ${a(n)} }`,
    ),
    fc.tuple(tie("statements"), tie("statements")).map(
      ([a, b]): Piece =>
        (n) =>
          `try { ${a(n)} } catch { ${b(n)} }`,
    ),
    tie("statements").map(
      (a): Piece =>
        (n) =>
          `switch (x) { case 1: ${a(n)} break; default: if (x) return; }`,
    ),
    tie("statements").map((a): Piece => (n) => {
      const own = `w${n()}`;
      return `const ${own} = async () => { ${a(n)} }; await ${own}();`;
    }),
    tie("statements").map((a): Piece => (n) => {
      const own = `g${n()}`;
      return `await ${own}({ step }); async function ${own}({ step }) { ${a(n)} }`;
    }),
  ),
  statements: fc.array(tie("statement"), { minLength: 1, maxLength: 3 }).map(
    (list): Piece =>
      (n) =>
        list.map((each) => each(n)).join(" "),
  ),
}));

/** A program, and the names of the steps in it; a name that is taken for a variable is none. */
function program(piece: Piece): { code: string; names: string[] } {
  let count = 0;
  const body = piece(() => String((count += 1)));
  const names = Array.from(body.matchAll(/(?:step\.\w+|\bd)\("(\d+)"/g), ([, name = ""]) => name);
  const run = `async run(event, step) { const { do: d } = step; const all = []; ${body} await Promise.all(all); }`;
  return {
    code: `import { WorkflowEntrypoint } from "cloudflare:workers"; export class Flow extends WorkflowEntrypoint { ${run} }`,
    names,
  };
}

function namesIn(graph: Graph | null): string[] {
  const found: string[] = [];
  JSON.stringify(graph, (_, value: { type?: unknown; name?: unknown } | null) => {
    if (typeof value?.type === "string" && value.type.startsWith("step_")) found.push(String(value.name));
    return value;
  });
  return found.sort();
}

test("every step of a program is found, once", async () => {
  await fc.assert(
    fc.asyncProperty(statements, async (piece) => {
      const { code, names } = program(piece);
      const { code: shortened } = await transform(code, { format: "esm", minify: true, keepNames: true });
      expect(namesIn(drawGraph(code, "Flow"))).toEqual(names.toSorted());
      expect(namesIn(drawGraph(shortened, "Flow"))).toEqual(names.toSorted());
    }),
    { numRuns: 200 },
  );
});

test("no program cut anywhere, and no text, makes it throw", () => {
  fc.assert(
    fc.property(statements, fc.nat(), fc.string(), (piece, at, noise) => {
      const { code } = program(piece);
      const cut = at % code.length;
      drawGraph(code.slice(0, cut), "Flow");
      drawGraph(code.slice(0, cut) + noise + code.slice(cut), "Flow");
    }),
  );
});
