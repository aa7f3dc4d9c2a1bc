import { expect, test } from "vitest";
import type { ScriptLine } from "../ports/script-log.ts";
import { isShown, tailEvent } from "./tail-event.ts";

const VERSION = { id: "v1", script: "shop", hash: "", code: "", bindings: [], compatibilityFlags: [], createdAt: 0 };
const LINE: ScriptLine = { time: 5, level: "warn", kind: "console", text: "order 1", version: VERSION };
const STEP = { name: "charge", count: 1, attempt: 2 };
const THROWN: ScriptLine = {
  ...LINE,
  level: "error",
  kind: "exception",
  text: "TypeError: no\nmoney\n    at charge (src/shop.ts:1:2)\n    at src/shop.ts:3:4",
  origin: { workflow: "orders", instance: "a", step: STEP },
};

test("a message of nobody in particular is a log without an event", () => {
  expect(tailEvent(LINE)).toEqual({
    scriptName: "shop",
    scriptVersion: { id: "v1" },
    event: null,
    eventTimestamp: 5,
    outcome: "ok",
    logs: [{ level: "warn", message: ["order 1"], timestamp: 5 }],
    exceptions: [],
  });
});

test("what was logged as values is told as values", () => {
  expect(tailEvent({ ...LINE, text: "order { id: 1 }", values: ["order", { id: 1 }] })).toMatchObject({
    logs: [{ message: ["order", { id: 1 }] }],
  });
});

test("what an instance throws is an exception of its run, in its parts", () => {
  expect(tailEvent(THROWN)).toMatchObject({
    entrypoint: "orders/a",
    event: { rpcMethod: "run", workflow: "orders", instance: "a", step: STEP },
    outcome: "exception",
    logs: [],
    exceptions: [
      { name: "TypeError", message: "no\nmoney", stack: "    at charge (src/shop.ts:1:2)\n    at src/shop.ts:3:4", timestamp: 5 },
    ],
  });
  expect(tailEvent({ ...THROWN, text: "Uncaught just words" })).toMatchObject({
    exceptions: [{ name: "Error", message: "Uncaught just words", stack: "" }],
  });
});

test.each([
  [[], [true, true]],
  [[{ query: "order" }], [true, false]],
  [[{ outcome: ["exception", "unknown"] }], [false, true]],
  [
    [{ outcome: ["ok"] }, { query: "money" }],
    [false, false],
  ],
  [[{ scriptVersion: "v1" }], [true, true]],
  [[{ scriptVersion: "v2" }], [false, false]],
  [[{ sampling_rate: 0.5 }], [true, true]],
  [[{ sampling_rate: 0.4 }], [false, false]],
])("%j", (filters, shown) => {
  expect([LINE, THROWN].map((line) => isShown(line, filters, () => 0.4))).toEqual(shown);
});
