/** The messages of a tail as lines. */
import { expect, test } from "vitest";
import { isWanted, LEVELS, linesOf, type Line } from "../../dashboard/src/scripts/tail-lines.ts";
import { laggedEvent, tailEvent } from "../../src/workers/logs/tail-event.ts";

const common = { time: 5, level: "warn", version: { id: "v1", script: "shop" } } as const;

const read = (event: object, n = 0): readonly Line[] => linesOf(JSON.stringify(event), n);

test("a message of an instance says whose it is", () => {
  const origin = { workflow: "orders", instance: "o-1" };
  const event = tailEvent({ lines: [{ ...common, kind: "console", text: "low stock", origin }] } as never);
  expect(read(event, 7)).toEqual([{ n: 7, time: 5, level: "warn", text: "low stock", origin: "orders/o-1" }]);
});

test("an exception is an error line, with its stack", () => {
  const text = "TypeError: no such thing\n    at run (index.js:3:1)";
  const [line] = read(tailEvent({ lines: [{ ...common, kind: "exception", text }] } as never));
  expect(line).toMatchObject({ level: "error", text: "TypeError: no such thing\n    at run (index.js:3:1)" });
});

test("a request is a line with its method, URL and status", () => {
  const request = { method: "GET", url: "https://shop.test/cart", headers: {} };
  const asked = { ...common, origin: { request: "r1" }, startedAt: 5, event: { request } };
  const line = { ...common, kind: "console", text: "not found" };
  const answered = { lines: [line], invocation: { ...asked, event: { request, response: { status: 404 } }, outcome: "ok" } };
  const events = [
    answered,
    ...["exception", "canceled", undefined].map((outcome) => ({ lines: [], invocation: { ...asked, outcome } })),
  ];
  expect(events.flatMap((event) => read(tailEvent(event as never)))).toMatchObject([
    { time: 5, level: "info", text: "GET https://shop.test/cart 404" },
    { time: 5, level: "warn", text: "not found" },
    { text: "GET https://shop.test/cart threw an exception" },
    { text: "GET https://shop.test/cart was canceled" },
    { text: "GET https://shop.test/cart" },
  ]);
});

test("the number of omitted events is shown", () => {
  expect(read(laggedEvent("shop", 12, 9))).toMatchObject([{ time: 9, level: "warn", text: /12 events/ }]);
});

test("lines are counted on, and what is no text is shown as JSON", () => {
  const logs = [
    { level: "log", message: ["total", 5, { of: "tea" }], timestamp: 1 },
    { level: "trace", message: ["?"], timestamp: 2 },
  ];
  expect(read({ eventTimestamp: 1, logs, exceptions: [] }, 40)).toEqual([
    { n: 40, time: 1, level: "log", text: 'total 5 {"of":"tea"}' },
    { n: 41, time: 2, level: "log", text: "?" },
  ]);
});

test("lines are filtered by least level and by text", () => {
  const line: Line = { n: 0, time: 0, level: "info", text: "Cart of Ada", origin: "orders/o-1" };
  expect(LEVELS.filter((least) => isWanted(line, least, ""))).toEqual(["debug", "info"]);
  expect(["ada", "O-1", "grace"].map((wanted) => isWanted(line, "debug", wanted))).toEqual([true, true, false]);
});
