/** Code is read in a thread of its own, and code that cannot be read does no harm. */
import { expect, test } from "vitest";
import { LIMITS } from "../../model/limits.ts";
import { readExports, readGraph } from "./analysis.ts";

const flow = (name: string): string => `
  import { WorkflowEntrypoint } from "cloudflare:workers";
  ${Array.from({ length: 2_000 }, (_, i) => `function f${i}(a, b) { return [a, b, ${i}].map((each) => each * 2); }`).join("\n")}
  export class ${name} extends WorkflowEntrypoint { async run(event, step) { await step.do("one", async () => 1); } }`;

test("others have their turns while code is read", async () => {
  let turns = 0;
  let isReading = true;
  const turn = (): void => {
    turns += 1;
    if (isReading) setImmediate(turn);
  };
  setImmediate(turn);
  const graph = await readGraph(flow("Flow"), "Flow");
  isReading = false;
  expect(JSON.parse(graph ?? "null")).toMatchObject({ workflow: { class_name: "Flow" } });
  expect(turns).toBeGreaterThan(10);
});

test("each question has its own answer, whatever is asked at the same time", async () => {
  const [a, graph, broken, none, b] = await Promise.all([
    readExports({ code: flow("A") }),
    readGraph(flow("A"), "A"),
    readExports({ code: "export class {" }),
    readGraph("export class {", "A"),
    readExports({ code: flow("B") }),
  ]);
  expect([a, JSON.parse(graph ?? "null").workflow.class_name, broken, none, b]).toEqual([
    ["A"],
    "A",
    undefined,
    undefined,
    ["B"],
  ]);
});

test("what is too deep or too long has no graph, and the next script is read", async () => {
  expect(await readExports({ code: `export const a = ${"(".repeat(100_000)}1${")".repeat(100_000)};` })).toBeUndefined();
  expect(await readGraph(`//${"x".repeat(LIMITS.graphCode)}`, "Flow")).toBeUndefined();
  expect(await readExports({ code: flow("C") })).toEqual(["C"]);
});
