/**
 * The Agents SDK, unmodified: the same project under `wrangler dev`, under `stepwell dev`, and deployed by stock wrangler to
 * `stepwell serve`. What clients see is the same on all three.
 */
import type { ChildProcess } from "node:child_process";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { AGENTS_PACKAGES, openAgent, type AgentClient } from "../support/agents-client.ts";
import { AGENTS_PROJECT } from "../support/agents-project.ts";
import { wranglerIn } from "../support/clients.ts";
import { makeProject, startServer, type Project } from "../support/server.ts";

/** A system that runs the project: the address of its Worker. */
interface System {
  readonly url: string;
  stop(): Promise<unknown>;
}

/** An instance that only waits stays in memory during a test: code outside of steps does not run again. */
const STAYS = ["--park-after", "600000"];

async function wranglerDev({ folder }: Project): Promise<System> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const { promise: started, resolve: start } = Promise.withResolvers<ChildProcess>();
  const args = ["dev", "--port", "0", "--inspector-port", "0", "--show-interactive-dev-session=false"];
  const ended = wranglerIn(folder, { WRANGLER_REGISTRY_PATH: join(folder, ".registry") })(args, "", start);
  const child = await started;
  let printed = "";
  child.stdout?.on("data", (chunk: string) => {
    printed += chunk;
    const url = /Ready on (http:\/\/\S+)/.exec(printed)?.[1];
    if (url !== undefined) resolve(url);
  });
  void ended.then(({ stderr }) => reject(new Error(`wrangler ended: ${printed}${stderr}`)));
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
  };
  return { url: await promise, stop };
}

async function stepwellDev({ folder }: Project): Promise<System> {
  const server = await startServer(["dev", folder, "--port", "0", ...STAYS]);
  await vi.waitUntil(() => server.output().includes("/workers/agents-app/"), { timeout: 100_000 });
  return { url: `${server.url}/workers/agents-app`, stop: () => server.stop() };
}

async function stepwellServe({ folder }: Project): Promise<System> {
  const server = await startServer(["serve", "--data", join(folder, ".data"), "--port", "0", ...STAYS]);
  const environment = {
    CLOUDFLARE_API_BASE_URL: `${server.url}/client/v4`,
    CLOUDFLARE_API_TOKEN: await server.firstToken(),
    CLOUDFLARE_ACCOUNT_ID: "local",
  };
  expect(await wranglerIn(folder, environment)(["deploy"])).toMatchObject({ code: 0 });
  return { url: `${server.url}/workers/agents-app`, stop: () => server.stop() };
}

const until = <T>(reached: () => T | Promise<T>): Promise<unknown> => vi.waitUntil(reached, { timeout: 100_000, interval: 50 });

/** What the callbacks of a workflow say in the log of its agent. */
const STEP = "a step";
const PROGRESS = ["progress", "RESEARCH", { step: "thought", percent: 0.5 }];
const EVENT = ["event", "RESEARCH", { hello: 1 }];
const COMPLETE = ["complete", "RESEARCH", { noted: 1 }];

const outputOf = (...keys: readonly string[]): object => ({ keys, names: ["RESEARCH", true] });

describe.each([
  ["wrangler dev", wranglerDev],
  ["stepwell dev", stepwellDev],
  ["stepwell serve", stepwellServe],
])("%s", (_, start) => {
  let project: Project;
  let system: System;
  const open: AgentClient[] = [];

  beforeAll(async () => {
    project = await makeProject(AGENTS_PROJECT);
    await symlink(AGENTS_PACKAGES, join(project.folder, "node_modules"));
    system = await start(project);
  });
  afterAll(async () => {
    for (const agent of open) agent.close();
    await system?.stop();
    await project.remove();
  });

  const agent = async (name: string, className: string = "Desk"): Promise<AgentClient> => {
    const opened = await openAgent(system.url, className, name);
    open.push(opened);
    return opened;
  };

  const logged = (desk: AgentClient, entry: unknown, times: number = 1): Promise<unknown> =>
    until(() => desk.state().log?.filter((each) => JSON.stringify(each) === JSON.stringify(entry)).length === times);

  /** Runs a workflow in an agent of its own; `during` is called with its id. */
  const run = async (
    params: Readonly<Record<string, unknown>>,
    ends: string,
    during: (desk: AgentClient, id: string) => Promise<unknown> = async () => {},
  ): Promise<Record<string, unknown>> => {
    const desk = await agent(expect.getState().currentTestName ?? "");
    const id = String(await desk.call("begin", params, { metadata: { asked: "here" } }));
    await logged(desk, PROGRESS);
    await during(desk, id);
    const status = (): Promise<unknown> => desk.call("status", id);
    await until(async () => ((await status()) as { status: string }).status === ends);
    return {
      ...((await status()) as object),
      tracked: await desk.call("tracked", id),
      state: desk.state(),
      broadcasts: desk.heard().filter((text) => text.includes("half-way")).length,
    };
  };

  const tracked = (status: string, error: object | null = null): object => ({
    workflowName: "RESEARCH",
    status,
    error,
    metadata: { asked: "here" },
    isDone: true,
  });

  test("a workflow reports its progress, its event and its end to the agent", async () => {
    expect(await run({ a: 1 }, "complete")).toEqual({
      status: "complete",
      output: outputOf("a"),
      tracked: tracked("complete"),
      state: { log: [STEP, PROGRESS, EVENT, COMPLETE], done: true },
      broadcasts: 1,
    });
  });

  test("a workflow that is approved goes on", async () => {
    const outcome = await run({ approve: true }, "complete", (desk, id) => desk.call("approve", id));
    expect(outcome).toMatchObject({ output: outputOf("approve"), tracked: tracked("complete"), broadcasts: 1 });
    expect(outcome["state"]).toEqual({ log: [STEP, PROGRESS, EVENT, COMPLETE], approved: { by: "ann" }, done: true });
  });

  test("a workflow that is rejected fails, and tells the agent once", async () => {
    const error = { name: "Error", message: "WorkflowRejectedError: Workflow rejected: not now" };
    expect(await run({ approve: true }, "errored", (desk, id) => desk.call("reject", id))).toEqual({
      status: "errored",
      error,
      tracked: tracked("errored", error),
      state: { log: [STEP, PROGRESS, ["error", "RESEARCH", "not now"]] },
      broadcasts: 1,
    });
  });

  test("a workflow that throws tells the agent", async () => {
    const error = { name: "Error", message: "research failed" };
    expect(await run({ fails: true }, "errored")).toMatchObject({
      error,
      tracked: tracked("errored", error),
      state: { log: [STEP, PROGRESS, ["error", "RESEARCH", "research failed"]] },
    });
  });

  test("a workflow that reports an error goes on", async () => {
    const { state } = await run({ reports: true }, "complete");
    expect(state).toEqual({ log: [STEP, PROGRESS, ["error", "RESEARCH", "reported"], EVENT, COMPLETE], done: true });
  });

  test("a workflow is terminated", async () => {
    expect(await run({ waits: true }, "terminated", (desk, id) => desk.call("terminate", id))).toMatchObject({
      tracked: tracked("terminated"),
      state: { log: [STEP, PROGRESS] },
    });
  });

  test("a workflow is paused and resumed", async () => {
    const { state, ...outcome } = await run({ waits: true }, "complete", async (desk, id) => {
      await desk.call("pause", id);
      await until(async () => ((await desk.call("status", id)) as { status: string }).status === "paused");
      await desk.call("resume", id);
      await desk.call("news", id, "good");
    });
    // Cloudflare's local engine aborts what it pauses; the SDK reports that as an error of the workflow.
    const log = (state as { log: unknown[] }).log.filter((entry) => !JSON.stringify(entry).includes("Aborting engine"));
    expect({ ...(state as object), log }).toEqual({ log: [STEP, PROGRESS, PROGRESS, EVENT, COMPLETE], news: "good", done: true });
    expect(outcome).toMatchObject({ tracked: tracked("complete") });
  });

  test("a workflow is restarted while it runs, and after its end", async () => {
    const again = ["complete", "RESEARCH", { noted: 3 }];
    const { state } = await run({ waits: true }, "complete", async (desk, id) => {
      await desk.call("restart", id);
      await logged(desk, PROGRESS, 2);
      await desk.call("news", id, "first");
      await logged(desk, again);
      await until(async () => ((await desk.call("status", id)) as { status: string }).status === "complete");
      await desk.call("restart", id);
      await logged(desk, PROGRESS, 3);
      await desk.call("news", id, "second");
      await logged(desk, EVENT, 2);
    });
    const last = ["complete", "RESEARCH", { noted: 7 }];
    expect(state).toEqual({
      log: [STEP, PROGRESS, STEP, PROGRESS, EVENT, again, STEP, PROGRESS, EVENT, last],
      news: "second",
      done: true,
    });
  });

  test("a client calls methods, one of which streams, and is refused those that are not callable", async () => {
    const desk = await agent("rpc");
    const refused = (method: string): Promise<unknown> => desk.call(method).catch((error: Error) => error.message);
    expect(await desk.call("add", 1, 2)).toBe(3);
    expect(await desk.call("whoami")).toEqual(["rpc", "Desk", true]);
    expect([await refused("fails"), await refused("note"), await refused("nothing")]).toEqual([
      "out of it",
      "Method note is not callable",
      "Method nothing does not exist",
    ]);
    expect(await desk.stream("count", 3)).toEqual({ chunks: [0, 1, 2], end: "done" });
    expect([await desk.call("write", "b"), await desk.call("write", "a")]).toEqual([
      [{ text: "b" }],
      [{ text: "a" }, { text: "b" }],
    ]);
    desk.send("hi");
    await until(() => desk.heard().includes('echo hi {"met":true}'));
  });

  test("all clients of an agent get its state when one of them sets it", async () => {
    const [one, two] = [await agent("shared"), await agent("shared")];
    // What comes with the connection is not to replace what the client sets.
    await until(() => two.state().log !== undefined);
    two.setState({ log: [], set: "by a client" });
    await until(() => one.state()["set"] === "by a client");
    expect(two.state()).toEqual(one.state());
  });

  test("schedules ring, queues are worked off, and what is cancelled is gone", async () => {
    const desk = await agent("times");
    await desk.call("soon");
    await logged(desk, ["rung", "schedule"]);
    await desk.call("queued");
    await logged(desk, ["rung", "queue"]);
    expect(await desk.call("timetable")).toEqual([
      [
        { type: "cron", callback: "rung", payload: "cron", cron: "0 8 * * *" },
        { type: "delayed", callback: "rung", payload: "hour", delayInSeconds: 3600 },
      ],
      0,
    ]);
  });

  test("an agent calls another by its binding and by ctx.exports, and has sub-agents with workflows", async () => {
    const desk = await agent("parent");
    expect(await desk.call("other", "neighbour")).toEqual([1, 2]);
    expect(await desk.call("child", "kid")).toEqual([["kid", "Helper"], 1, 2]);
    await desk.call("childBegins", "kid");
    await until(async () => JSON.stringify(await desk.call("childState", "kid")).includes("result"));
    expect(await desk.call("childState", "kid")).toEqual({ result: { noted: "kid has noted: a step" } });
  });

  test("requests reach agents by their path", async () => {
    const get = async (path: string): Promise<[number, string]> => {
      const response = await fetch(`${system.url.replace(/\/$/, "")}${path}`);
      return [response.status, await response.text()];
    };
    const body = (path: string): string => JSON.stringify({ path, name: "h", state: { log: [] } });
    expect([await get("/agents/desk/h"), await get("/agents/desk/h/more?x=1"), await get("/else")]).toEqual([
      [200, body("/agents/desk/h")],
      [200, body("/agents/desk/h/more")],
      [404, "no agent"],
    ]);
  });

  test("a chat agent streams its answer, and keeps what was said", async () => {
    const talk = await agent("talk", "Talk");
    const messages = [{ id: "m1", role: "user", parts: [{ type: "text", text: "hello" }] }];
    const init = { method: "POST", body: JSON.stringify({ messages }) };
    talk.send(JSON.stringify({ type: "cf_agent_use_chat_request", id: "r1", init }));
    await until(() => talk.heard().some((text) => text.includes('"done":true')));
    const streamed = talk.heard().filter((text) => text.includes("text-delta"));
    expect(streamed.map((text) => JSON.parse((JSON.parse(text) as { body: string }).body) as object)).toEqual([
      { type: "text-delta", id: "text", delta: "You" },
      { type: "text-delta", id: "text", delta: " said: " },
      { type: "text-delta", id: "text", delta: "hello" },
    ]);
    expect(await talk.call("kept")).toEqual([
      ["user", ["hello"]],
      ["assistant", ["You said: hello"]],
    ]);
  });
});
