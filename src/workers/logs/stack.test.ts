import { expect, test } from "vitest";
import { mapStack } from "./stack.ts";

// The first column of the first line comes from line 7, column 3 of flow.ts, the next line from line 8.
const sourceMap = JSON.stringify({ version: 3, sources: ["src/flow.ts"], names: [], mappings: "AAME;AACA" });

const STACK = [
  "TypeError: no",
  "and more",
  "    at charge (index.js:1:5)",
  "    at async Flow.run (stepwell:///index.js:2:9)",
  "    at stepwell:///other.js:3:4",
  "    at later (file:///bundle/index.js:1:9)",
  "    at attempt (~stepwell/runtime.js:1:100)",
  "    at invoke (file:///srv/stepwell/dist/runtime/runtime.js:3:1)",
  "    at node:internal/process/task_queues:105:5",
  "    at async index.js:2:9",
  "    at async file:///bundle/index.js:1:5",
  "    at async ~stepwell/runtime.js:1:100",
  "    at <anonymous>",
].join("\n");

test("every frame of the script is mapped, and frames of the server are left out", () => {
  expect(mapStack(STACK, { sourceMap }).split("\n")).toEqual([
    "TypeError: no",
    "and more",
    "    at charge (src/flow.ts:7:3)",
    "    at async Flow.run (src/flow.ts:8:3)",
    "    at other.js:3:4",
    "    at later (src/flow.ts:7:3)",
    "    at async src/flow.ts:8:3",
    "    at async src/flow.ts:7:3",
    "    at <anonymous>",
  ]);
});

test("the properties of an error stay, even after a frame that is left out", () => {
  const written =
    "TypeError: no\n    at async index.js:2:9\n    at async execute (~stepwell/runtime.js:1:100) {\n  retryable: true\n}";
  expect(mapStack(written, { sourceMap })).toBe("TypeError: no\n    at async src/flow.ts:8:3 {\n  retryable: true\n}");
  expect(mapStack("no\n    at a (index.js:1:5) {\n  b: 1\n}", { sourceMap })).toBe("no\n    at a (src/flow.ts:7:3) {\n  b: 1\n}");
});

test.each([
  ["no source map", {}],
  ["one that cannot be read", { sourceMap: "{" }],
])("with %s places are those of the code", (_, version) => {
  expect(mapStack(STACK, version)).toContain("    at charge (index.js:1:5)\n    at async Flow.run (index.js:2:9)");
});

test("what is no stack stays as it is", () => {
  for (const text of ["at index.js:1:5", "one\ntwo at (index.js:1:5) here", "one\n\n  at home"])
    expect(mapStack(text, { sourceMap })).toBe(text);
});
