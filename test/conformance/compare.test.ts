/** The comparison itself sees what it is for: planted differences, and explanations of differences that are none. */
import { describe, expect, test } from "vitest";
import { compare, holds } from "./compare.ts";
import { onPurpose, topic, type Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios/all.ts";
import type { Observation } from "./system.ts";
import { show } from "./worker/show.ts";

const observed: Observation = {
  seen: ["1"],
  answers: [],
  status: "complete",
  output: "1",
  error: "",
  events: ["workflow_queued", "step_started a-1", "step_completed a-1", "workflow_completed"],
  log: ["step a-1: done after done"],
};

const scenario = (some: Partial<Scenario> = {}): Scenario => topic("test", [{ name: "s", run: "", ...some }])[0] as Scenario;

describe("a comparison", () => {
  test("holds when both did the same", () => {
    expect(holds(compare(scenario(), observed, observed))).toBe(true);
  });

  test.each([
    { seen: ["2"] },
    { answers: ["status: 1"] },
    { status: "errored" },
    { output: "2" },
    { error: "Error: no" },
    { events: observed.events.toReversed() },
    { log: [] },
  ])("a comparison fails when one system did %o", (other) => {
    const { partings, ...rest } = compare(scenario(), observed, { ...observed, ...other });
    expect(partings.map(({ aspect }) => aspect)).toEqual(Object.keys(other));
    expect(holds({ partings, ...rest })).toBe(false);
  });

  test("holds when the difference is explained, and no longer when it is gone", () => {
    const explained = scenario({ differences: [onPurpose(["status"], "§1", "So it is.")] });
    expect(holds(compare(explained, observed, { ...observed, status: "errored" }))).toBe(true);
    expect(holds(compare(explained, observed, observed))).toBe(false);
  });

  test("knows that only one of them tells of waiting, and says that it met it", () => {
    const events = ["workflow_running", "sleep_started n-1", "sleep_completed n-1", "workflow_completed"];
    const waiting = events.toSpliced(2, 0, "workflow_waiting", "workflow_running");
    const { partings, known } = compare(scenario(), { ...observed, events: waiting }, { ...observed, events });
    expect(partings).toEqual([]);
    expect(known.size).toBe(1);
  });

  test("of parallel branches looks at the order within each step only", () => {
    const events = ["step_started a-1", "step_started b-1", "step_completed a-1", "step_completed b-1"];
    const crossed = ["step_started b-1", "step_started a-1", "step_completed a-1", "step_completed b-1"];
    const reversed = ["step_completed a-1", "step_started a-1", "step_started b-1", "step_completed b-1"];
    const parallel = scenario({ order: "per step" });
    expect(holds(compare(parallel, { ...observed, events }, { ...observed, events: crossed }))).toBe(true);
    expect(holds(compare(parallel, { ...observed, events }, { ...observed, events: reversed }))).toBe(false);
  });
});

test("scenarios have names of their own", () => {
  expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
});

test("values that JSON would make equal are shown apart", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const error = Object.assign(new TypeError("t"), { name: "Other" });
  const values = [
    undefined,
    null,
    0,
    -0,
    Number.NaN,
    1,
    1n,
    "1",
    new Date(1),
    new Date(Number.NaN),
    [1],
    new Set([1]),
    new Map(),
  ];
  const more = [
    {},
    Object.create(null),
    { a: undefined },
    [undefined],
    Object.assign([], { length: 1 }),
    /a/,
    new TypeError("t"),
    error,
  ];
  const bytes = [new Uint8Array([1]), new Int8Array([1]), new Uint8Array([1]).buffer, new DataView(new ArrayBuffer(1)), cycle];
  const shown = [...values, ...more, ...bytes, new (class Foo {})()].map((value) => show(value));
  expect(new Set(shown).size).toBe(shown.length);
});
