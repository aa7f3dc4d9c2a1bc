/** Events of an instance, and of all instances of a workflow, as a stream. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { WorkflowStep } from "../../src/runtime/cloudflare/workers.ts";
import { openApi, type ApiBench } from "../support/api.ts";
import { Quick, Secretive, Sleeper } from "../support/workflows.ts";

/** Returns more than is kept for readers that are too slow. */
class Chatty {
  async run(_: unknown, step: WorkflowStep): Promise<void> {
    for (let i = 0; i < 4; i += 1) await step.do("talk", () => "x".repeat(500_000));
  }
}

let api: ApiBench;

beforeEach(async () => {
  api = await openApi({ Quick, Sleeper, Secretive, Chatty });
});
afterEach(() => api.close());

const PATH = "/client/v4/accounts/local/workflows";
const ACCEPT = { accept: "text/event-stream" };

const follow = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  api.send("GET", `${PATH}/${path}/subscribe`, undefined, { ...ACCEPT, ...headers });

const dataIn = (text: string): { type: string; eventId: number; stepName?: string }[] =>
  Array.from(text.matchAll(/^data: (.*)$/gm), ([, json = ""]) => JSON.parse(json) as never);

test("history comes first, then what happens, and the last event ends it", async () => {
  await api.call("POST", "/workflows/Sleeper/instances", { instance_id: "s" });
  await api.reaches({ workflow: "Sleeper", id: "s" }, "waiting");
  const response = await follow("Sleeper/instances/s");
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let seen = "";
  while (!seen.includes("workflow_waiting")) seen += (await reader?.read())?.value ?? "";
  api.clock.advance(60 * 60_000);
  for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read()) seen += chunk.value;
  const events = dataIn(seen);
  expect(events.map(({ type }) => type)).toEqual([
    "workflow_queued",
    "workflow_started",
    "workflow_running",
    "sleep_started",
    "workflow_waiting",
    "workflow_running",
    "sleep_completed",
    "workflow_completed",
  ]);
  expect(events.map(({ eventId }) => eventId)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(seen).toMatch(/^id: 4$/m);
});

test("a cursor goes on after an event, a filter passes some over", async () => {
  await api.call("POST", "/workflows/Quick/instances", { instance_id: "q" });
  await api.reaches({ workflow: "Quick", id: "q" }, "complete");
  const types = async (path: string, headers?: Record<string, string>): Promise<string[]> =>
    dataIn(await (await follow(path, headers)).text()).map(({ type }) => type);
  expect(await types("Quick/instances/q")).toHaveLength(8);
  const rest = ["step_completed", "workflow_completed"];
  const read = async (query: string): Promise<string[]> =>
    dataIn(await (await api.send("GET", `${PATH}/Quick/instances/q/subscribe${query}`, undefined, ACCEPT)).text()).map(
      ({ type }) => type,
    );
  expect(await read("?cursor=6")).toEqual(rest);
  expect(await types("Quick/instances/q", { "last-event-id": "6" })).toEqual(rest);
  expect(await read("?filter=step_started")).toEqual(["step_started"]);
  expect(await read("?filter=step_started&filter=workflow_completed")).toEqual(["step_started", "workflow_completed"]);
});

test("a client that disconnects is forgotten", async () => {
  await api.call("POST", "/workflows/Sleeper/instances", { instance_id: "s" });
  const response = await follow("Sleeper/instances/s");
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await api.quiet();
  expect((await api.engine.summary({ workflow: "Sleeper", id: "s" })).status).toBe("waiting");
});

test("the stream of an instance that is deleted ends", async () => {
  await api.call("POST", "/workflows/Sleeper/instances", { instance_id: "s" });
  await api.reaches({ workflow: "Sleeper", id: "s" }, "waiting");
  const stream = (await follow("Sleeper/instances/s")).text();
  await api.quiet();
  await api.call("DELETE", "/workflows/Sleeper/instances/s");
  expect(dataIn(await stream).at(-1)?.type).toBe("workflow_waiting");
});

test.each([
  ["Quick/instances/q/subscribe", {}, 426],
  ["Quick/instances/missing/subscribe", ACCEPT, 404],
  ["Quick/instances/q/subscribe?cursor=-1", ACCEPT, 400],
  ["Quick/instances/q/subscribe?filter=event_received", ACCEPT, 400],
])("%s is refused", async (path, headers, status) => {
  await api.call("POST", "/workflows/Quick/instances", { instance_id: "q" });
  const response = await api.send("GET", `${PATH}/${path}`, undefined, headers);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ success: false });
});

/** Reads a stream as text, a chunk at a time. */
async function reading(response: Promise<Response>): Promise<{ next: () => Promise<string>; cancel: () => Promise<void> }> {
  const reader = (await response).body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error("There is no body");
  return { next: async () => (await reader.read()).value ?? "", cancel: () => reader.cancel() };
}

const create = (workflow: string, id: string): Promise<unknown> =>
  api.call("POST", `/workflows/${workflow}/instances`, { instance_id: id });

describe("a stream that is silent", () => {
  const COMMENT = ": keep-alive\n\n";

  test("says that it is alive, every 15 seconds and no more often", async () => {
    await create("Sleeper", "s");
    await api.reaches({ workflow: "Sleeper", id: "s" }, "waiting");
    const before = api.clock.pending;
    const { next, cancel } = await reading(follow("Sleeper/instances/s"));
    for (let seen = ""; !seen.includes("workflow_waiting");) seen += await next();
    const said: string[] = [];
    const hear = async (): Promise<void> => void said.push(await next());
    void hear();
    // What was said in the first span counts for it: silence begins with the second.
    api.clock.advance(15_000 + 14_999);
    await api.quiet();
    expect(said).toEqual([]);
    api.clock.advance(1);
    await api.quiet();
    expect(said).toEqual([COMMENT]);
    void hear();
    api.clock.advance(15_000);
    await api.quiet();
    expect(said).toEqual([COMMENT, COMMENT]);
    await cancel();
    expect(api.clock.pending).toBe(before);
  });

  test("does not pile up for a client that does not read", async () => {
    const response = await follow("Sleeper");
    const reader = response.body?.getReader();
    const first = reader?.read();
    await api.quiet();
    for (let i = 0; i < 10; i += 1) api.clock.advance(15_000);
    await first;
    await create("Sleeper", "s");
    const text = new TextDecoder().decode((await reader?.read())?.value);
    // One comment was waited for, and one may have been made ready.
    const following = text === COMMENT ? new TextDecoder().decode((await reader?.read())?.value) : text;
    expect(following).toContain("workflow_queued");
    await reader?.cancel();
  });
});

describe("an EventSource that connects again", () => {
  test("goes on after the last event that it has seen, wherever it was cut off", async () => {
    await create("Quick", "q");
    await api.reaches({ workflow: "Quick", id: "q" }, "complete");
    const whole = dataIn(await (await follow("Quick/instances/q")).text());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(whole.length), { maxLength: 3 }), async (cuts) => {
        const ends = [...cuts.toSorted((a, b) => a - b), whole.length];
        const seen: typeof whole = [];
        for (const end of ends) {
          const headers: Record<string, string> = seen.length === 0 ? {} : { "last-event-id": String(seen.at(-1)?.eventId) };
          const response = await follow("Quick/instances/q", headers);
          // A client that has seen the end gets a 204, so that it does not connect again.
          expect(response.status).toBe(seen.length === whole.length ? 204 : 200);
          seen.push(...dataIn(await response.text()).slice(0, end - seen.length));
        }
        expect(seen).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  test("is given what comes when the instance has not ended", async () => {
    await create("Sleeper", "s");
    await api.reaches({ workflow: "Sleeper", id: "s" }, "waiting");
    const response = await follow("Sleeper/instances/s", { "last-event-id": "5" });
    const text = response.text();
    await api.quiet();
    api.clock.advance(60 * 60_000);
    expect(dataIn(await text).map(({ eventId }) => eventId)).toEqual([6, 7, 8]);
  });

  test.each([
    ["something that is no id", "abc", "", [1, 2, 3, 4, 5, 6, 7, 8]],
    ["a cursor in the address", "2", "?cursor=6", [7, 8]],
  ])("is passed over for %s", async (_, id, query, expected) => {
    await create("Quick", "q");
    await api.reaches({ workflow: "Quick", id: "q" }, "complete");
    const headers = { ...ACCEPT, "last-event-id": id };
    const response = await api.send("GET", `${PATH}/Quick/instances/q/subscribe${query}`, undefined, headers);
    expect(dataIn(await response.text()).map(({ eventId }) => eventId)).toEqual(expected);
  });
});

describe("of a workflow as a whole", () => {
  test("a workflow's subscribers get the events of all its instances from now on, without ids and secrets", async () => {
    await create("Secretive", "before");
    await api.reaches({ workflow: "Secretive", id: "before" }, "complete");
    const path = `${PATH}/Secretive/subscribe?filter=workflow_queued&filter=step_completed&filter=workflow_completed`;
    const { next, cancel } = await reading(api.send("GET", path, undefined, ACCEPT));
    let pending = next();
    await api.quiet();
    await Promise.all([create("Secretive", "a"), create("Secretive", "b"), create("Quick", "other")]);
    let text = "";
    while (dataIn(text).length < 6) {
      text += await pending;
      if (dataIn(text).length < 6) pending = next();
    }
    await cancel();
    expect(text).toMatch(/^retry: \d+\n/);
    expect(text).not.toMatch(/^id:/m);
    const events = dataIn(text) as unknown as { instanceId: string; type: string; output?: unknown }[];
    for (const id of ["a", "b"])
      expect(events.filter(({ instanceId }) => instanceId === id)).toMatchObject([
        { type: "workflow_queued" },
        { type: "step_completed", output: "[REDACTED]" },
        { type: "workflow_completed", output: "7 characters" },
      ]);
  });

  test("each reader gets the events of its filter, while other readers come and go", async () => {
    const open = async (query: string): ReturnType<typeof reading> =>
      reading(api.send("GET", `${PATH}/Quick/subscribe${query}`, undefined, ACCEPT));
    const [all, ends, also] = [await open(""), await open("?filter=workflow_completed"), await open("?filter=step_started")];
    const until = async (
      { next }: Awaited<ReturnType<typeof reading>>,
      id: string,
      first: Promise<string>,
    ): Promise<string[]> => {
      let text = await first;
      const own = (): { type: string }[] => dataIn(text).filter((event) => (event as { instanceId?: string }).instanceId === id);
      while (!own().some(({ type }) => type === "workflow_completed")) text += await next();
      return own().map(({ type }) => type);
    };
    let first = [all.next(), ends.next()] as const;
    const given = also.next();
    await api.quiet();
    await create("Quick", "one");
    expect(await until(ends, "one", first[1])).toEqual(["workflow_completed"]);
    expect(await until(all, "one", first[0])).toContain("step_started");
    await given;
    await also.cancel();
    first = [all.next(), ends.next()];
    await api.quiet();
    await all.cancel();
    await create("Quick", "two");
    expect(await until(ends, "two", first[1])).toEqual(["workflow_completed"]);
    await ends.cancel();
  });

  test("a reader that is too slow gets the number of events that it has missed", async () => {
    const { next, cancel } = await reading(follow("Chatty"));
    const first = next();
    await api.quiet();
    await create("Chatty", "c");
    let text = await first;
    await api.reaches({ workflow: "Chatty", id: "c" }, "complete");
    const whole = dataIn(await (await follow("Chatty/instances/c")).text());
    while (!text.includes("workflow_completed")) text += await next();
    await cancel();
    const events = dataIn(text) as unknown as { type: string; missed?: number; eventId?: number }[];
    const at = events.findIndex(({ type }) => type === "lagged");
    const missed = events[at]?.missed ?? 0;
    expect(missed).toBeGreaterThan(0);
    const ids = whole.map(({ eventId }) => eventId);
    expect(events.toSpliced(at, 1).map(({ eventId }) => eventId)).toEqual(ids.toSpliced(at, missed));
  });

  test.each([
    ["Quick/subscribe", {}, 426],
    ["Missing/subscribe", ACCEPT, 404],
    ["Quick/subscribe?filter=nothing", ACCEPT, 400],
    ["Quick/subscribe?filter=lagged", ACCEPT, 400],
  ])("%s is refused", async (path, headers, status) => {
    const response = await api.send("GET", `${PATH}/${path}`, undefined, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ success: false });
  });
});
