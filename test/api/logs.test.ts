/** What instances write and throw, as our own API answers it. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { instanceLogs } from "../../src/api/own/instance-logs.ts";
import { LIMITS } from "../../src/model/limits.ts";
import type { WorkflowStep } from "../../src/runtime/cloudflare/workers.ts";
import { openGuard } from "../../src/server/sessions/auth.ts";
import { openApi, type ApiBench } from "../support/api.ts";

/** Says something outside of steps, and in two attempts of one. */
class Talker {
  async run(_: unknown, step: WorkflowStep): Promise<void> {
    console.log("begins");
    const config = { retries: { limit: 1, delay: 1_000, backoff: "constant" } } as const;
    await step.do("charge", config, async ({ attempt }) => {
      console.warn("attempt", attempt);
      if (attempt === 1) throw new TypeError("no money");
    });
    await step.do("charge", () => Promise.resolve(console.debug("again")));
    await step.sleep("a while", "1 hour");
    console.info("slept");
  }
}

interface Shown {
  readonly n: number;
  readonly level: string;
  readonly kind: string;
  readonly text: string;
  readonly step: object | null;
}

interface Read {
  readonly status: number;
  readonly errors: readonly { readonly message: string; readonly error_chain: readonly { readonly message: string }[] }[];
  readonly result: { readonly dropped: number; readonly lines: readonly Shown[] };
  readonly result_info: object;
}

const ADDRESS = { workflow: "Talker", id: "t" };
const PATH = "/api/v1/workflows/Talker/instances/t/logs";

let api: ApiBench;

beforeEach(async () => {
  // A replay would say again what is said outside of steps.
  api = await openApi({ Talker }, openGuard, { parkAfterMs: Infinity });
  await api.call("POST", "/workflows/Talker/instances", { instance_id: "t" });
  await api.happens(ADDRESS, "attempt_errored");
  api.clock.advance(1_000);
  await api.happens(ADDRESS, "sleep_started");
});
afterEach(() => api.close());

async function read(query = ""): Promise<Read> {
  const response = await api.send("GET", `${PATH}${query}`);
  const answer = (await response.json()) as Read;
  if (response.status === 200) instanceLogs[0]?.result.parse(answer.result);
  return { ...answer, status: response.status };
}

async function texts(query?: string): Promise<string[]> {
  return (await read(query)).result.lines.map(({ text }) => text.split("\n", 1)[0] ?? "");
}

test("all messages come in order, each with its step and attempt", async () => {
  const { result, result_info: info } = await read();
  const charge = (attempt: number, count = 1): object => ({ name: "charge", count, attempt });
  expect(result.lines.map(({ n, level, kind, step }) => [n, level, kind, step])).toEqual([
    [1, "log", "console", null],
    [2, "warn", "console", charge(1)],
    [3, "error", "exception", charge(1)],
    [4, "warn", "console", charge(2)],
    [5, "debug", "console", charge(1, 2)],
  ]);
  expect(result.lines[2]?.text).toMatch(/^TypeError: no money\n +at /);
  expect(info).toEqual({ count: 5, per_page: 100, total_count: 5 });
});

test.each([
  ["?step=charge&count=1", ["attempt 1", "TypeError: no money", "attempt 2"]],
  ["?step=charge&attempt=2", ["attempt 2"]],
  ["?step=other", []],
  ["?level=info", ["attempt 1", "TypeError: no money", "attempt 2"]],
  ["?level=error", ["TypeError: no money"]],
  ["?after=3", ["attempt 2", "again"]],
])("%s leaves out the others", async (query, expected) => {
  expect(await texts(query)).toEqual(expected);
});

test("pages follow one another", async () => {
  const { result_info: info } = await read("?limit=2&level=log");
  expect(info).toEqual({ count: 2, per_page: 2, total_count: 4, cursor: "2" });
  expect(await texts("?limit=2&level=log&after=2")).toEqual(["TypeError: no money", "attempt 2"]);
  expect((await read("?limit=2&level=log&after=2")).result_info).not.toHaveProperty("cursor");
});

test.each([
  ["?level=loud", "level"],
  ["?limit=0", "limit"],
  [`?limit=${LIMITS.logLines + 1}`, "limit"],
  ["?attempt=first", "attempt"],
])("%s is refused, and the field named", async (query, field) => {
  const { status, errors } = await read(query);
  expect(status).toBe(400);
  expect(errors[0]?.error_chain[0]?.message).toMatch(new RegExp(`^${field}: `));
});

test("a stream brings what there is and what comes, and ends some time after the instance", async () => {
  const response = await api.send("GET", `${PATH}?level=info`, undefined, { accept: "text/event-stream", "last-event-id": "3" });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = (await reader?.read())?.value ?? "";
  expect(first).toMatch(/^id: 4$/m);
  expect(first).not.toContain("again");
  api.clock.advance(60 * 60_000);
  await api.reaches(ADDRESS, "complete");
  // Gathered for a moment, and then written.
  api.clock.advance(1_000);
  let later = "";
  while (!later.includes('"text":"slept"')) later += (await reader?.read())?.value ?? "";
  const end = reader?.read();
  await api.quiet();
  api.clock.advance(1_000);
  expect(await end).toMatchObject({ done: true });
});

test("logs are deleted with their instance", async () => {
  await api.call("DELETE", "/workflows/Talker/instances/t");
  expect((await read()).status).toBe(404);
});

test("the description has the routes", async () => {
  const description = (await (await api.send("GET", "/api/v1/openapi.json")).json()) as { paths: object };
  expect(Object.keys(description.paths)).toContain("/workflows/{workflow_name}/instances/{instance_id}/logs");
});

test("log lines are refused without a token", async () => {
  const guarded = await openApi({ Talker }, () => Promise.resolve(undefined));
  expect((await guarded.send("GET", PATH)).status).toBe(401);
  await guarded.close();
});
