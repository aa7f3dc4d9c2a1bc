/** Events of an instance as a stream. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openApi, type ApiBench } from "../support/api.ts";
import { Quick, Sleeper } from "../support/workflows.ts";

let api: ApiBench;

beforeEach(async () => {
  api = await openApi({ Quick, Sleeper });
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

test("who leaves is forgotten", async () => {
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
  ["Quick/instances/nobody/subscribe", ACCEPT, 404],
  ["Quick/instances/q/subscribe?cursor=-1", ACCEPT, 400],
  ["Quick/instances/q/subscribe?filter=event_received", ACCEPT, 400],
])("%s is refused", async (path, headers, status) => {
  await api.call("POST", "/workflows/Quick/instances", { instance_id: "q" });
  const response = await api.send("GET", `${PATH}/${path}`, undefined, headers);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ success: false });
});
