/**
 * Processes that live and do not answer: a program in the place of workerd takes requests as that does, and breaks off or leaves
 * unanswered what a test says. Whatever waits for it gets an error in time.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import type { Host } from "../../src/ports/executor.ts";
import { contractVersion } from "../contracts/executor/script.ts";
import type { WorkerdExecutor } from "../../src/executors/workerd/executor.ts";

const folder = mkdtempSync("/tmp/stepwell-test-");
const ws = createRequire(import.meta.url)
  .resolve("ws")
  .replace("index.js", "wrapper.mjs");

const PROGRAM = `#!${process.execPath}
import { readFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { WebSocketServer } from ${JSON.stringify(ws)};
const [asked, does] = readFileSync(${JSON.stringify(`${folder}/behaviour`)}, "utf8").split(" ");
const misbehaves = ({ headers, socket }) => {
  if (headers["x-stepwell-ask"] !== asked) return false;
  if (does === "breaks") socket.destroy();
  return true;
};
const server = createServer((request, response) => {
  if (misbehaves(request)) return;
  request.resume().on("end", () => {
    response.setHeader("x-stepwell-end", "answered");
    const isHandler = request.headers["x-stepwell-ask"] === "dispatch";
    response.end(isHandler ? '{"thrown":null,"verdict":{"acks":[],"retries":[]}}' : '{"hasFetch":true,"canCut":true}');
  });
});
const sockets = new WebSocketServer({ noServer: true });
server.on("upgrade", (request, socket, head) => {
  socket.on("error", () => {});
  if (misbehaves(request)) return;
  sockets.handleUpgrade(request, socket, head, (opened) => {
    opened.on("message", () => opened.send(""));
    opened.on("error", () => {});
    if (request.headers["x-stepwell-ask"] === "lifeline") opened.on("close", () => process.exit());
  });
});
server.listen(0, "127.0.0.1", () => writeSync(3, JSON.stringify({ event: "listen", port: server.address().port })));
`;

writeFileSync(`${folder}/workerd.mjs`, PROGRAM);
chmodSync(`${folder}/workerd.mjs`, 0o755);
vi.stubEnv("STEPWELL_WORKERD", `${folder}/workerd.mjs`);
const { workerdExecutor } = await import("../../src/executors/workerd/executor.ts");

let executor: WorkerdExecutor | undefined;

afterEach(() => executor?.close());
afterAll(() => rmSync(folder, { recursive: true }));

/** Opens a script in a process that behaves like that. */
async function open(behaviour: string, limits: { startMs?: number; hangAfterMs?: number } = {}): Promise<Host> {
  writeFileSync(`${folder}/behaviour`, behaviour);
  executor = workerdExecutor({ hasSpare: false, processes: 1, onLog: () => {}, ...limits });
  return executor.open(contractVersion(), () => Promise.resolve("null"));
}

describe.skipIf(process.platform === "win32")("a process that lives", () => {
  test.each([
    ["breaks off loads", "load breaks", {}, "script.unavailable"],
    ["breaks off the socket of an isolate", "link breaks", {}, "script.unavailable"],
    ["breaks off its own socket", "lifeline breaks", {}, "executor.not_started"],
    ["does not answer a load", "load stalls", { hangAfterMs: 1_000 }, "script.invalid"],
    ["does not open the socket of an isolate", "link stalls", { startMs: 2_000 }, "script.unavailable"],
    ["does not open its own socket", "lifeline stalls", { startMs: 2_000 }, "executor.not_started"],
  ])("and %s makes no caller wait", async (_, behaviour, limits, failure) => {
    await expect(open(behaviour, limits)).rejects.toMatchObject({ failure });
  });

  test("and breaks off a request fails that, and not its host", async () => {
    const host = await open("fetch breaks");
    await expect(host.fetch(new Request("http://a.test/"))).rejects.toMatchObject({ failure: "script.unavailable" });
    let hasEnded = false;
    void host.ended.then(() => (hasEnded = true));
    const event = { type: "scheduled", cron: "* * * * *", scheduledTime: 0 } as const;
    await expect(host.dispatch(event as never)).resolves.toMatchObject({ thrown: null });
    expect(hasEnded).toBe(false);
  });
});
