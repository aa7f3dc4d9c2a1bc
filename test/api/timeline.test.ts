/** The timeline of an instance, and that a dashboard which carries it on with events shows what a new one would read. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { advance, beginsAnew, fromWire, type Timeline, type WireTimeline } from "../../dashboard/src/instance/timeline.ts";
import type { InstanceAddress } from "../../src/engine/contract.ts";
import type { InstanceEvent } from "../../src/model/instance/events.ts";
import { InstanceView, type LifeView } from "../../src/model/views/fold.ts";
import { knownFrom, publicEvent, type PublicEvent } from "../../src/model/views/public-event.ts";
import { timelineOf } from "../../src/model/views/timeline.ts";
import { iso } from "../../src/model/time/calendar.ts";
import type { WorkflowStep } from "../../src/runtime/cloudflare/workers.ts";
import { openApi, type ApiBench } from "../support/api.ts";
import { Doomed, Order } from "../support/workflows.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

class Undoing {
  async run(_: unknown, step: WorkflowStep): Promise<void> {
    await step.do("charge", () => "charged", { rollback: () => {} });
    await step.do("ship", { retries: { limit: 0, delay: 0 } }, () => {
      throw new Error("no ship");
    });
  }
}

let api: ApiBench;

beforeEach(async () => {
  api = await openApi({ Order, Doomed, Undoing });
});
afterEach(() => api.close());

const order = { workflow: "Order", id: "o-1" };

async function completeOrder(): Promise<void> {
  await api.call("POST", "/workflows/Order/instances", { instance_id: "o-1", params: { item: "tea" } });
  await api.happens(order, "attempt_errored");
  api.clock.advance(MINUTE);
  await api.happens(order, "sleep_started");
  api.clock.advance(HOUR);
  await api.happens(order, "wait_started");
  await api.call("POST", "/workflows/Order/instances/o-1/events/approve", { by: "Ada" });
  await api.reaches(order, "complete");
}

test("says what ran when, and nothing of what was returned", async () => {
  await completeOrder();
  const response = await api.send("GET", "/api/v1/workflows/Order/instances/o-1/timeline");
  const { result: wire } = (await response.json()) as { result: WireTimeline };
  const result = fromWire(wire);
  expect(result).toMatchObject({ id: "o-1", workflow: "Order", status: "complete", error: null, rollback: null });
  expect(result.steps.map(({ type, state, attempts }) => [type, state, attempts.map(({ error }) => error?.name)])).toEqual([
    ["step", "complete", [undefined]],
    ["step", "complete", ["TypeError", undefined]],
    ["sleep", "complete", []],
    ["waitForEvent", "complete", []],
  ]);
  expect(JSON.stringify(result)).not.toMatch(/Ada|xxx/);
  expect(Date.parse(result.expires ?? "")).toBeGreaterThan(Date.parse(result.end ?? ""));
});

test("the timeline of a missing instance is answered with 404", async () => {
  expect((await api.send("GET", "/api/v1/workflows/Order/instances/missing/timeline")).status).toBe(404);
});

async function eventsOf(address: InstanceAddress): Promise<InstanceEvent[]> {
  const events: InstanceEvent[] = [];
  for await (const some of api.engine.history(address)) events.push(...some);
  return events;
}

/** What a subscriber is shown of events. */
function shownOf(events: readonly InstanceEvent[]): PublicEvent[] {
  const view = new InstanceView();
  return events.flatMap((event) => {
    const shown = publicEvent("o-1", event, knownFrom(view)) ?? [];
    view.add(event);
    return shown;
  });
}

function read(events: readonly InstanceEvent[]): Timeline {
  const view = new InstanceView();
  for (const event of events) view.add(event);
  const life = view.life as LifeView;
  const { status, error } = life;
  const textOf = (ms: number | null): string | null => (ms === null ? null : iso(ms));
  const moments = { queued: iso(life.queued), start: textOf(life.start), end: textOf(life.end) };
  const about = { id: "", workflow: "", version_id: "", trigger: { source: "api" }, rollback: null, expires: null };
  return fromWire({
    ...about,
    ...moments,
    status,
    error,
    cursor: events.at(-1)?.eventId ?? 0,
    ...timelineOf(view),
  });
}

/** What a carried on timeline need not know: the deadline of a wait that began after it was read, and the usual configuration. */
function comparable({ steps, ...rest }: Timeline): unknown {
  const shown = steps.map(({ config: _config, error: _error, end, ...entry }) => ({
    ...entry,
    end: entry.type === "waitForEvent" && entry.state === "running" ? null : end,
  }));
  return { ...rest, cursor: undefined, steps: shown };
}

const RUNS: readonly (readonly [string, () => Promise<InstanceAddress>])[] = [
  ["steps, retries, a sleep and an event", () => completeOrder().then(() => order)],
  ["an error", () => ended("Doomed", "errored")],
  ["a rollback", () => ended("Undoing", "errored")],
];

async function ended(workflow: string, status: "errored"): Promise<InstanceAddress> {
  const address = { workflow, id: "e-1" };
  await api.call("POST", `/workflows/${workflow}/instances`, { instance_id: "e-1" });
  await api.reaches(address, status);
  return address;
}

test.each(RUNS)("read at any moment and carried on, it is the same as read at the end: %s", async (_, run) => {
  const events = await eventsOf(await run());
  const shown = shownOf(events);
  for (let known = 1; known <= events.length; known += 1) {
    const carried = advance(read(events.slice(0, known)), shown);
    expect(comparable(carried)).toEqual(comparable(read(events)));
  }
  // One by one, as well.
  const first = read(events.slice(0, 1));
  expect(comparable(shown.reduce((timeline, event) => advance(timeline, [event]), first))).toEqual(comparable(read(events)));
});

test("the events of a restarted instance are recognized as a new start", async () => {
  await completeOrder();
  const before = read(await eventsOf(order));
  await api.call("PATCH", "/workflows/Order/instances/o-1/status", { status: "restart" });
  await api.happens(order, "attempt_errored");
  const after = shownOf(await eventsOf(order));
  expect(beginsAnew(before, after)).toBe(true);
  expect(beginsAnew(read(await eventsOf(order)), after)).toBe(false);
});

test("a config that several steps share is listed once, and defaults are omitted", async () => {
  await completeOrder();
  const response = await api.send("GET", "/api/v1/workflows/Order/instances/o-1/timeline");
  const { result } = (await response.json()) as { result: WireTimeline };
  const plain = result.steps.filter(({ type, attempts }) => type === "step" && attempts === undefined);
  expect(plain).toHaveLength(1);
  for (const { config } of result.steps) expect(config === undefined || result.configs[config] !== undefined).toBe(true);
  expect(new Set(result.configs.map((config) => JSON.stringify(config))).size).toBe(result.configs.length);
});
