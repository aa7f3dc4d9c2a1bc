/** When invocations are reported, and with which messages. */
import { expect, test } from "vitest";
import type { ScriptInvocation, ScriptLine } from "../../ports/script-log.ts";
import type { Origin } from "../../protocol/origin.ts";
import { Invocations, LATE_MS, PART_MS } from "./invocations.ts";

const NOW = 1_000;
const version = { id: "v1", script: "shop", hash: "", code: "", bindings: [], compatibilityFlags: [], createdAt: 0 };
const REQUEST: Origin = { request: "r1" };
const RUN: Origin = { workflow: "orders", instance: "a" };

function line(text: string, origin: Origin): ScriptLine {
  return { time: NOW, level: "log", kind: "console", text, version, origin };
}

function known(origin: Origin, outcome?: ScriptInvocation["outcome"]): ScriptInvocation {
  const event = { rpcMethod: "any" };
  return { version, origin, event, startedAt: NOW, time: NOW, ...(outcome && { outcome }) };
}

function texts(reports: readonly { readonly lines: readonly ScriptLine[] }[]): string[] {
  return reports.map(({ lines }) => lines.map(({ text }) => text).join(" "));
}

function writing(): { invocations: Invocations; write: (text: string, origin: Origin, now?: number) => string[] } {
  const invocations = new Invocations();
  return { invocations, write: (text, origin, now = NOW) => texts(invocations.write(line(text, origin), origin, now)) };
}

test("a request is reported once, at its end, with all that it has written", () => {
  const { invocations, write } = writing();
  expect(invocations.learn(known(REQUEST), NOW)).toEqual([]);
  expect([write("one", REQUEST), write("else", { request: "r2" }), write("two", REQUEST)]).toEqual([[], [], []]);
  const reports = invocations.learn(known(REQUEST, "ok"), NOW);
  expect(texts(reports)).toEqual(["one two"]);
  expect(reports[0]?.invocation).toMatchObject({ origin: REQUEST, outcome: "ok" });
  expect(texts(invocations.due(NOW + PART_MS))).toEqual(["else"]);
  expect(invocations.isEmpty).toBe(true);
});

test("a request that has written nothing is reported, too", () => {
  expect(new Invocations().learn(known(REQUEST, "ok"), NOW)).toMatchObject([{ lines: [], invocation: { outcome: "ok" } }]);
});

test("a long invocation is reported in parts, each of which names its invocation", () => {
  const { invocations, write } = writing();
  invocations.learn(known(REQUEST), NOW);
  write("one", REQUEST);
  expect(invocations.due(NOW + PART_MS - 1)).toEqual([]);
  expect(invocations.due(NOW + PART_MS)).toMatchObject([{ lines: [{ text: "one" }], invocation: known(REQUEST) }]);
  write("two", REQUEST, NOW + PART_MS);
  expect(invocations.due(NOW + 2 * PART_MS)).toMatchObject([{ lines: [{ text: "two" }], invocation: known(REQUEST) }]);
  write("three", REQUEST, NOW + 2 * PART_MS);
  expect(texts(invocations.learn(known(REQUEST, "ok"), NOW + 2 * PART_MS))).toEqual(["three"]);
});

test("an invocation that writes a lot is reported in parts", () => {
  const { write } = writing();
  const parts = Array.from({ length: 600 }, (_, i) => write(`${i}`, REQUEST)).filter((reports) => reports.length > 0);
  expect(parts.map(([text]) => text?.split(" ").length)).toEqual([250, 250]);
  const long = Array.from({ length: 40 }, () => write("y".repeat(8_000), { request: "r2" })).filter(
    (reports) => reports.length > 0,
  );
  expect(long).toHaveLength(2);
});

test("when all invocations together have written too much, all of them are reported", () => {
  const { invocations, write } = writing();
  const text = "y".repeat(100_000);
  const reports = Array.from({ length: 100 }, (_, i) => write(text, { request: `r${i}` })).filter((each) => each.length > 0);
  expect(reports).toHaveLength(1);
  expect(reports[0]?.length).toBe(84);
  expect(invocations.isEmpty).toBe(false);
});

test("the messages of a run may come a moment after its end", () => {
  const { invocations, write } = writing();
  write("one", RUN);
  expect(invocations.learn(known(RUN, "ok"), NOW)).toEqual([]);
  write("late", RUN);
  expect(invocations.due(NOW + LATE_MS - 1)).toEqual([]);
  expect(texts(invocations.due(NOW + LATE_MS))).toEqual(["one late"]);
});

test("two runs of an instance that end one after the other are reported separately", () => {
  const { invocations, write } = writing();
  write("one", RUN);
  invocations.learn(known(RUN, "ok"), NOW);
  expect(texts(invocations.learn(known(RUN, "exception"), NOW + 1))).toEqual(["one"]);
  expect(invocations.due(NOW + LATE_MS + 1)).toMatchObject([{ lines: [], invocation: { outcome: "exception" } }]);
});

test("a request that was cut off is reported once, though its isolate goes on and reports its end", () => {
  const { invocations, write } = writing();
  write("one", REQUEST);
  expect(invocations.learn(known(REQUEST, "canceled"), NOW)).toEqual([]);
  expect(invocations.learn(known(REQUEST, "exception"), NOW)).toEqual([]);
  write("late", REQUEST);
  const reports = invocations.due(NOW + LATE_MS);
  expect([texts(reports), reports[0]?.invocation?.outcome]).toEqual([["one late"], "canceled"]);
  expect(invocations.learn(known(REQUEST, "ok"), NOW + LATE_MS)).toEqual([]);
  expect(invocations.isEmpty).toBe(true);
});
