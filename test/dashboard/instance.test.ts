/** What the instance page makes of a timeline, without a browser: rows, lanes, searches, reasons, texts to copy. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createForms, readForms, type Source } from "../../dashboard/src/instance/copy-as.ts";
import { settingsOf } from "../../dashboard/src/instance/defaults.ts";
import { EVERYTHING, find, nextFailure } from "../../dashboard/src/instance/find.ts";
import { LANES, lanesOf } from "../../dashboard/src/instance/lanes.ts";
import { reasonsOf, standing } from "../../dashboard/src/instance/reasons.ts";
import { groupWith, summaryOf, toRows, type Row } from "../../dashboard/src/instance/rows.ts";
import { keyOf, splitName, type Entry, type Timeline } from "../../dashboard/src/instance/timeline.ts";
import { pan, ticks, zoom } from "../../dashboard/src/instance/window.ts";
import { timesOf, wasSeen, type Node } from "../../dashboard/src/graph/flow.ts";
import { painter } from "../../dashboard/src/graph/paint.ts";
import { batchOf, idProblem, paramsProblem } from "../../dashboard/src/instances/check.ts";
import { isInstanceId } from "../../src/model/platform/names.ts";

let at = 0;

function step(name: string, about: Partial<Entry> = {}): Entry {
  at += 10;
  const span = { start: at, end: at + 5 };
  return { type: "step", name, state: "complete", attempts: [span], ...span, ...about };
}

const boom = { name: "Error", message: "Boom at gate 7" };

function failed(name: string): Entry {
  return step(name, { state: "errored", attempts: [{ start: at, end: at + 1, error: boom }] });
}

/** Rounds of a loop over these names, each with its counter. */
function loop(names: readonly string[], rounds: number): Entry[] {
  return Array.from({ length: rounds }, (_, i) => names.map((name) => step(`${name}-${i + 1}`))).flat();
}

function labels(rows: readonly Row[]): string[] {
  return rows.map((row) => (row.kind === "group" ? `${row.group.name} × ${row.group.entries.length}` : row.entry.name));
}

describe("rows", () => {
  test("names that alternate in a loop are one row each, between what comes before and after", () => {
    const entries = [step("begin-1"), ...loop(["fetch", "store"], 9), step("end-1")];
    expect(labels(toRows(entries, new Set()))).toEqual(["begin-1", "fetch × 9", "store × 9", "end-1"]);
  });

  test("few of a name stay as they are", () => {
    expect(labels(toRows(loop(["fetch", "store"], 2), new Set()))).toEqual(["fetch-1", "store-1", "fetch-2", "store-2"]);
  });

  test("names that differ in numbers are one name where there are many steps, and only there", () => {
    const few = Array.from({ length: 9 }, (_, i) => step(`page ${i}-1`));
    expect(toRows(few, new Set())).toHaveLength(9);
    const many = Array.from({ length: 90 }, (_, i) => step(`page ${i}-1`));
    expect(labels(toRows(many, new Set()))).toEqual(["page # × 90"]);
  });

  test("a group that is open shows its steps; so does that of a step which is looked for", () => {
    const entries = loop(["fetch", "store"], 9);
    const closed = toRows(entries, new Set());
    const group = groupWith(closed, entries[3] as Entry);
    expect(group).toBe(closed[1]?.key);
    expect(toRows(entries, new Set([group as string]))).toHaveLength(2 + 9);
  });

  test("every step is in one row, whatever there is", () => {
    const name = fc.constantFrom("a", "b", "page 1", "page 2", "c");
    const type = fc.constantFrom("step" as const, "sleep" as const, "rollback" as const);
    fc.assert(
      fc.property(fc.array(fc.tuple(name, type), { maxLength: 120 }), (names) => {
        const entries = names.map(([each, kind], i) => step(`${each}-${i + 1}`, { type: kind }));
        const rows = toRows(entries, new Set());
        const shown = rows.flatMap((row) => (row.kind === "group" ? row.group.entries : [row.entry]));
        expect(new Set(shown)).toEqual(new Set(entries));
        expect(shown).toHaveLength(entries.length);
        expect(new Set(rows.map(({ key, kind }) => kind + key)).size).toBe(rows.length);
      }),
    );
  });

  test("a group says how many failed, were tried again and go on, and how long they took", () => {
    const spans = Array.from({ length: 20 }, (_, i) => step(`a-${i + 1}`, { start: 0, end: i + 1 }));
    const retried = step("a-21", {
      start: 0,
      end: 100,
      attempts: [
        { start: 0, end: 1, error: boom },
        { start: 99, end: 100 },
      ],
    });
    const entries = [...spans, retried, failed("a-22"), step("a-23", { start: 50, end: null, state: "running" })];
    expect(summaryOf({ name: "a", type: "step", entries }, 1_000)).toMatchObject({ failed: 1, retried: 1, running: 1, start: 0 });
    expect(summaryOf({ name: "a", type: "step", entries: spans }, 0)).toMatchObject({ p50: 11, p95: 20, end: 20 });
  });
});

describe("lanes", () => {
  test("steps one after another share a lane; beside one another they have their own", () => {
    const one = step("a-1", { start: 0, end: 10 });
    const beside = [
      step("b-1", { start: 10, end: 30 }),
      step("c-1", { start: 12, end: 20 }),
      step("d-1", { start: 20, end: 25 }),
    ];
    const lanes = lanesOf([one, ...beside]);
    expect([one, ...beside].map((entry) => lanes.of(entry))).toEqual([0, 0, 1, 1]);
    expect(lanes.count).toBe(2);
  });

  test("there are never more than are drawn, and no two in one lane at once unless it is the last", () => {
    const span = fc.tuple(fc.nat(50), fc.nat(20));
    fc.assert(
      fc.property(fc.array(span, { maxLength: 40 }), (spans) => {
        const entries = spans.sort(([a], [b]) => a - b).map(([start, long], i) => step(`s-${i}`, { start, end: start + long }));
        const lanes = lanesOf(entries);
        expect(lanes.count).toBeLessThanOrEqual(LANES);
        for (const [i, a] of entries.entries())
          for (const b of entries.slice(i + 1))
            if (lanes.of(a) === lanes.of(b) && lanes.of(a) < LANES - 1) expect(a.end).toBeLessThanOrEqual(b.start);
      }),
    );
  });
});

describe("looking for steps", () => {
  const entries = [
    step("pay-1"),
    failed("ship-1"),
    step("pay-2"),
    failed("ship-2"),
    step("rest-1", { type: "sleep", attempts: [] }),
  ];

  test("by name, by what an error says, by kind", () => {
    expect(find(entries, EVERYTHING)).toBe(entries);
    expect(find(entries, { text: " PAY ", kind: "all" }).map(({ name }) => name)).toEqual(["pay-1", "pay-2"]);
    expect(find(entries, { text: "gate 7", kind: "all" }).map(({ name }) => name)).toEqual(["ship-1", "ship-2"]);
    expect(find(entries, { text: "", kind: "sleep" }).map(({ name }) => name)).toEqual(["rest-1"]);
    expect(find(entries, { text: "pay", kind: "failed" })).toEqual([]);
  });

  test("failures come in turn, around the end, in both directions", () => {
    const [, first, , second] = entries;
    expect(nextFailure(entries, undefined, 1)).toBe(first);
    expect(nextFailure(entries, first, 1)).toBe(second);
    expect(nextFailure(entries, second, 1)).toBe(first);
    expect(nextFailure(entries, first, -1)).toBe(second);
    expect(nextFailure(entries, undefined, -1)).toBe(second);
    expect(nextFailure([entries[0] as Entry], undefined, 1)).toBeUndefined();
  });
});

describe("why it waits", () => {
  const about = (of: Partial<Timeline>): Timeline => ({ status: "waiting", steps: [], error: null, ...of }) as Timeline;
  const none = { status: "", steps: [], place: null, paused_for: null };
  const retrying = step("pay-1", { state: "running", end: null, attempts: [{ start: 0, end: 1, error: boom }] });

  test("a retry has the moment that the server names, and a wait that began later its deadline", () => {
    const wait = step("w-1", { type: "waitForEvent", state: "running", end: null, attempts: [], event_type: "go" });
    const waits = {
      ...none,
      steps: [{ type: "step", name: "pay-1", due: 7 } as const, { type: "waitForEvent", name: "w-1", due: 9 } as const],
    };
    expect(reasonsOf(about({ steps: [step("a-1"), retrying, wait] }), waits, undefined)).toMatchObject([
      { kind: "retry", due: 7 },
      { kind: "event", type: "go", due: 9 },
    ]);
  });

  test("a limit comes first, queued or due; a pause shows its reason; an instance that can't run shows why", () => {
    const place = { of: "workflow", limit: 2, taken: 2 } as const;
    expect(reasonsOf(about({ status: "queued" }), { ...none, place }, undefined)).toEqual([
      { kind: "place", place, isDue: false },
    ]);
    expect(reasonsOf(about({ steps: [retrying] }), { ...none, place }, undefined)).toMatchObject([
      { isDue: true },
      { kind: "retry" },
    ]);
    expect(reasonsOf(about({ status: "queued" }), none, undefined)).toEqual([{ kind: "queued" }]);
    expect(reasonsOf(about({ status: "paused" }), { ...none, paused_for: "no key" }, undefined)).toEqual([
      { kind: "paused", why: "no key" },
    ]);
    const gone = { name: "WorkflowInternalError", message: "gone" };
    expect(reasonsOf(about({ status: "errored", error: gone }), undefined, false)).toEqual([
      { kind: "unrunnable", isVersionGone: true },
    ]);
    expect(reasonsOf(about({ status: "errored", error: boom }), undefined, true)).toEqual([]);
  });

  test("the server is asked again when what it waits for is something else, and not while it is at work", () => {
    expect(standing(about({ status: "running", steps: [step("a-1")] }))).toBeUndefined();
    const once = standing(about({ steps: [retrying] }));
    expect(standing(about({ steps: [{ ...retrying, attempts: [...retrying.attempts, ...retrying.attempts] }] }))).not.toBe(once);
  });
});

describe("the graph", () => {
  const nodes: Node[] = [
    {
      type: "loop",
      nodes: [
        { type: "step_do", name: "fetch" },
        { type: "function_call", name: "again" },
      ],
    },
    {
      type: "if",
      branches: [
        { condition: "a", nodes: [{ type: "step_do", name: "page ${i}" }] },
        { condition: null, nodes: [{ type: "step_do", name: "never" }] },
      ],
    },
  ];
  const functions = { again: { nodes: [{ type: "function_call", name: "again" }] } };

  test("counts what ran, by name and by the fixed parts of a name", () => {
    const paint = painter([...loop(["fetch"], 3), failed("page 1-1"), step("page 2-1")]);
    expect(paint("step_do", "fetch")).toMatchObject({ state: "complete", times: 3, failed: 0 });
    expect(paint("step_do", "page ${i}")).toMatchObject({ state: "errored", times: 2, failed: 1, entry: { name: "page 1-1" } });
    expect(paint("step_do", "page ${i}").has(step("page 9-1"))).toBe(true);
    expect(paint("step_do", "fetch").has(step("page 9-1"))).toBe(false);
    expect(timesOf(nodes, functions, paint)).toBe(2);
    expect(timesOf(nodes[0]?.nodes ?? [], functions, paint)).toBe(3);
  });

  test("tells the way that was taken from the one that was not", () => {
    const paint = painter([step("page 2-1")]);
    expect(nodes[1]?.branches?.map((branch) => wasSeen(branch.nodes, functions, paint))).toEqual([true, false]);
  });
});

describe("texts to copy", () => {
  const source: Source = { origin: "http://h:1", workflow: "my flow", id: "it's", params: { a: "it's" }, needsToken: true };

  test("have a token where one is needed, and are one word of a shell where they are to be", () => {
    const [curl, wrangler, sdk, binding] = readForms(source).map(({ text }) => text);
    expect(curl).toBe(
      `curl -H "authorization: Bearer $CLOUDFLARE_API_TOKEN" 'http://h:1/client/v4/accounts/local/workflows/my%20flow/instances/it'\\''s'`,
    );
    expect(wrangler).toContain(String.raw`describe 'my flow' 'it'\''s'`);
    expect(sdk).toContain(`instances.get("my flow", "it's", { account_id: "local" })`);
    expect(binding).toContain(`env.MY_FLOW.get("it's")`);
    expect(readForms({ ...source, needsToken: false })[0]?.text).not.toContain("authorization");
  });

  test("of a new one have its params", () => {
    const [curl, wrangler, sdk] = createForms(source).map(({ text }) => text);
    expect(curl).toContain(String.raw`-d '{"params":{"a":"it'\''s"}}'`);
    expect(wrangler).toContain(String.raw`trigger 'my flow' '{"a":"it'\''s"}'`);
    expect(sdk).toContain(`"a": "it's"`);
  });
});

describe("a new instance", () => {
  test("may have the ids that the server takes, and no others", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "Z", "0", "_", "-", ".", " ", "é"), minLength: 1, maxLength: 6 });
    const any = fc.oneof(text, fc.constantFrom("batch", "terminate", "x".repeat(100), "x".repeat(101), `cf_${"0".repeat(64)}`));
    fc.assert(
      fc.property(any, (id) => {
        expect(idProblem(id) === undefined).toBe(isInstanceId(id));
      }),
    );
    expect(idProblem("")).toBeUndefined();
  });

  test("has params of a megabyte at the most", () => {
    expect(paramsProblem(JSON.stringify("x".repeat(1024 * 1024 - 2)))).toBeUndefined();
    expect(paramsProblem(JSON.stringify("x".repeat(1024 * 1024 - 1)))).toMatch(/1,048,577/);
  });

  test("may be several: of the same params, or one for each of a list", () => {
    expect(batchOf({ a: 1 }, "n", 1, false)).toEqual([{ params: { a: 1 }, instance_id: "n" }]);
    expect(batchOf({ a: 1 }, "n", 2, false).map((each) => each.instance_id)).toEqual(["n-1", "n-2"]);
    expect(batchOf([1, 2], "", 1, true)).toEqual([{ params: 1 }, { params: 2 }]);
    expect(batchOf([1, 2], "", 1, false)).toEqual([{ params: [1, 2] }]);
  });
});

test("settings that are defaults are marked", () => {
  expect(settingsOf(undefined).every(({ isUsual }) => isUsual)).toBe(true);
  const config = { retries: { limit: 2, delay: 10_000, backoff: "constant" }, timeout: "10 minutes" };
  expect(settingsOf(config).map(({ isUsual }) => isUsual)).toEqual([false, true, false, true]);
});

test("a step's address tells it from a rollback of the same name; names may contain anything", () => {
  expect(new Set([keyOf(step("a-1")), keyOf(step("a-1", { type: "rollback" }))]).size).toBe(2);
  expect(splitName("a-b-12")).toEqual({ name: "a-b", count: 12 });
});

test("the part of time that is shown stays inside of all there is, and marks are few", () => {
  const all = { from: 1_000, to: 100_000 };
  const act = fc.oneof(
    fc.tuple(fc.constant("zoom"), fc.double({ min: 0.1, max: 10, noNaN: true })),
    fc.tuple(fc.constant("pan"), fc.integer({ min: -99_999, max: 99_999 })),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 20 }), (acts) => {
      let shown = all;
      for (const [kind, by] of acts)
        shown = kind === "zoom" ? zoom(shown, all, (shown.from + shown.to) / 2, by) : pan(shown, all, by);
      expect(shown.from).toBeGreaterThanOrEqual(all.from - 1e-6);
      expect(shown.to).toBeLessThanOrEqual(all.to + 1e-6);
      expect(shown.to - shown.from).toBeGreaterThan(4.99);
      expect(ticks(shown, all.from, 8).length).toBeLessThanOrEqual(9);
    }),
  );
});
