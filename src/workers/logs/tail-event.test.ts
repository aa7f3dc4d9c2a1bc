import { expect, test } from "vitest";
import type { ScriptInvocation, ScriptLine } from "../../ports/script-log.ts";
import type { InvocationReport } from "./invocations.ts";
import { isShown, tailEvent, type TailFilter } from "./tail-event.ts";

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
const REQUEST: ScriptInvocation = {
  version: VERSION,
  origin: { request: "r1" },
  event: {
    request: { method: "PUT", url: "https://shop.test/", headers: { "x-client": "a b", "cf-connecting-ip": "192.0.2.7" } },
    response: { status: 201 },
  },
  startedAt: 2,
  outcome: "ok",
  time: 12,
};

test("a message without an origin is a log without an event", () => {
  expect(tailEvent({ lines: [LINE] })).toEqual({
    scriptName: "shop",
    scriptVersion: { id: "v1" },
    event: null,
    eventTimestamp: 5,
    outcome: "ok",
    logs: [{ level: "warn", message: ["order 1"], timestamp: 5 }],
    exceptions: [],
  });
});

test("an invocation is an event with what it has written, as values where it was values, and how it ended", () => {
  const lines = [LINE, { ...LINE, time: 6, text: "order { id: 1 }", values: ["order", { id: 1 }] }];
  expect(tailEvent({ lines, invocation: REQUEST })).toEqual({
    scriptName: "shop",
    scriptVersion: { id: "v1" },
    event: REQUEST.event,
    eventTimestamp: 2,
    outcome: "ok",
    logs: [
      { level: "warn", message: ["order 1"], timestamp: 5 },
      { level: "warn", message: ["order", { id: 1 }], timestamp: 6 },
    ],
    exceptions: [],
    wallTime: 10,
  });
});

test("what a run throws is an exception of it, in its parts, though the run goes on", () => {
  const { outcome: _, ...open } = REQUEST;
  for (const report of [
    { lines: [THROWN] },
    { lines: [THROWN], invocation: { ...open, origin: THROWN.origin } } as InvocationReport,
  ])
    expect(tailEvent(report)).toMatchObject({
      entrypoint: "orders/a",
      outcome: "exception",
      logs: [],
      exceptions: [
        {
          name: "TypeError",
          message: "no\nmoney",
          stack: "    at charge (src/shop.ts:1:2)\n    at src/shop.ts:3:4",
          timestamp: 5,
        },
      ],
    });
  expect(tailEvent({ lines: [THROWN] }).event).toEqual({ rpcMethod: "run", workflow: "orders", instance: "a" });
  expect(tailEvent({ lines: [{ ...THROWN, text: "Uncaught just words" }] })).toMatchObject({
    exceptions: [{ name: "Error", message: "Uncaught just words", stack: "" }],
  });
});

const REPORTS: readonly InvocationReport[] = [{ lines: [LINE] }, { lines: [THROWN] }, { lines: [], invocation: REQUEST }];

test.each<[readonly TailFilter[], readonly boolean[]]>([
  [[], [true, true, true]],
  [[{ query: "order" }], [true, false, false]],
  [[{ outcome: ["exception", "unknown"] }], [false, true, false]],
  [
    [{ outcome: ["ok"] }, { query: "money" }],
    [false, false, false],
  ],
  [[{ scriptVersion: "v1" }], [true, true, true]],
  [[{ scriptVersion: "v2" }], [false, false, false]],
  [[{ sampling_rate: 0.5 }], [true, true, true]],
  [[{ sampling_rate: 0.4 }], [false, false, false]],
  [[{ method: ["GET", "put"] }], [false, false, true]],
  [[{ method: ["GET"] }], [false, false, false]],
  [[{ header: { key: "X-Client" } }], [false, false, true]],
  [[{ header: { key: "x-client", query: "b" } }], [false, false, true]],
  [[{ header: { key: "x-client", query: "c" } }], [false, false, false]],
  [[{ header: { key: "x-other" } }], [false, false, false]],
  [[{ header: { key: "constructor" } }], [false, false, false]],
  [[{ client_ip: ["192.0.2.7", "192.0.2.8"] }], [false, false, true]],
  [[{ client_ip: ["192.0.2.8"] }], [false, false, false]],
])("of a log, an exception and a request the filters %j leave %j", (filters, shown) => {
  expect(REPORTS.map((report) => isShown(report, tailEvent(report), filters, () => 0.4))).toEqual(shown);
});
