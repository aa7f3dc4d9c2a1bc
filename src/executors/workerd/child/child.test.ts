/** Processes that are not workerd: a shell that runs what stands in the place of the configuration. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, expect, test, vi } from "vitest";
import type { WorkerdChild as Child } from "./child.ts";
import { Output } from "../process/output.ts";

const folder = mkdtempSync("/tmp/stepwell-test-");
const binary = `${folder}/workerd`;
writeFileSync(binary, '#!/bin/sh\n. "$4"\n');
chmodSync(binary, 0o755);
vi.stubEnv("STEPWELL_WORKERD", binary);
const { WorkerdChild } = await import("./child.ts");

afterAll(() => rmSync(folder, { recursive: true }));

const start = (config: string, more: { startMs?: number; signal?: AbortSignal } = {}): Promise<Child> =>
  WorkerdChild.start({ config, folder, output: new Output(() => {}), startMs: 20_000, ...more });

test.skipIf(process.platform === "win32").each([
  ["ends at once", "echo 'no such library' >&2; exit 1", "It ended with code 1: no such library"],
  ["writes what it should not", "echo garbage >&3; echo garbage; exit 0", "It ended with code 0: garbage"],
  ["is killed", "kill -9 $$", "It ended with SIGKILL"],
])("a process that %s is an error that says so", async (_, config, reason) => {
  await expect(start(config)).rejects.toMatchObject({
    failure: "executor.not_started",
    detail: `workerd did not start. ${reason}`,
  });
});

test.skipIf(process.platform === "win32")("a process that never listens is ended", async () => {
  const pidFile = `${folder}/pid`;
  const starting = start(`echo $$ > ${pidFile}; echo '{"nothing": 1}' >&3; exec sleep 1000`, { startMs: 500 });
  await expect(starting).rejects.toMatchObject({
    failure: "executor.not_started",
    detail: "workerd did not start. The start took more than 500 ms",
  });
  const { readFileSync } = await import("node:fs");
  expect(() => process.kill(Number(readFileSync(pidFile, "utf8")), 0)).toThrow("ESRCH");
});

test.skipIf(process.platform === "win32")("a start that is not wanted any more is given up", async () => {
  const closing = new AbortController();
  const starting = start("exec sleep 1000", { signal: closing.signal });
  closing.abort(new Error("closing"));
  await expect(starting).rejects.toThrow("closing");
});

test.skipIf(process.platform === "win32")("the end of a process is reported, also to later callers", async () => {
  const child = await start(`echo '{"event": "listen", "port": 7}' >&3; exec sleep 1000`);
  expect(child.port).toBe(7);
  await child.close();
  expect(await child.how).toBe("it ended with SIGKILL");
});

test.skipIf(process.platform === "win32")(
  "a process that is killed for a reason ends with it, and is known to end at once",
  async () => {
    const child = await start(`echo '{"event": "listen", "port": 7}' >&3; exec sleep 1000`);
    const gone = child.kill("it did not answer");
    await child.ended;
    await gone;
    expect(await child.how).toBe("it did not answer");
  },
);

test.skipIf(process.platform === "win32")("a process that listens and does not answer is ended", async () => {
  const child = await start(`echo '{"event": "listen", "port": 1}' >&3; exec sleep 1000`);
  await expect(child.hold({}, { hangAfterMs: 1_000, onSilent: () => {} })).rejects.toMatchObject({
    failure: "executor.not_started",
    detail: expect.stringMatching(/^workerd does not answer\. .*ECONNREFUSED/) as string,
  });
  expect(await child.how).toMatch(/^it does not answer: .*ECONNREFUSED/);
});

test("a binary that is not there is an error that says so", async () => {
  rmSync(binary);
  await expect(start("")).rejects.toMatchObject({
    failure: "executor.not_started",
    detail: expect.stringContaining("ENOENT") as string,
  });
});
