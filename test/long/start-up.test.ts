/** Servers that cannot start, or are not wanted any more while they start: each ends by itself, with all that it has started. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makeProject, type Project } from "../support/server.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

let project: Project;
let server: ChildProcess | undefined;

beforeEach(async () => {
  project = await makeProject({
    "wrangler.json": JSON.stringify({ name: "shop", main: "index.js" }),
    "index.js": "export default { fetch: () => new Response() };",
  });
});
afterEach(async () => {
  server?.kill("SIGKILL");
  await project.remove();
});

/** Starts `dev` or `serve` with a shell script in the place of workerd. */
async function start(command: string, workerd?: string): Promise<{ ended: Promise<unknown>; output: () => string }> {
  const temporary = join(project.folder, "tmp");
  await mkdir(temporary);
  const env = { ...process.env, NO_COLOR: "1", TMPDIR: temporary };
  if (workerd !== undefined) {
    const binary = join(project.folder, "workerd");
    await project.write("workerd", `#!/bin/sh\necho $$ >> ${join(project.folder, "pids")}\n${workerd}\n`);
    await chmod(binary, 0o755);
    Object.assign(env, { STEPWELL_WORKERD: binary });
  }
  const more = command === "dev" ? [project.folder] : ["--data", join(project.folder, "data")];
  const child = spawn(process.execPath, [MAIN, command, ...more, "--port", "0"], { env, stdio: ["ignore", "pipe", "pipe"] });
  server = child;
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (output += data.toString()));
  return { ended: once(child, "close").then(([code]: unknown[]) => code), output: () => output };
}

/** The processes that have been started in the place of workerd. */
const pids = async (): Promise<number[]> =>
  (await readFile(join(project.folder, "pids"), "utf8").catch(() => "")).trim().split("\n").filter(Boolean).map(Number);

async function areGone(): Promise<boolean> {
  return (await pids()).every((pid) => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  });
}

const within = { timeout: 20_000 };

test.skipIf(process.platform === "win32").each([
  ["dev", "ends", "echo 'no libc here' >&2; exit 1", "It ended with code 1: no libc here"],
  ["serve", "ends", "echo 'no libc here' >&2; exit 1", "It ended with code 1: no libc here"],
  ["serve", "writes garbage", "echo garbage >&3; echo garbage; exit 0", "It ended with code 0: garbage"],
])("%s without a workerd that works, as it %s, says why in a line, and ends", async (command, _, workerd, reason) => {
  const { ended, output } = await start(command, workerd);
  expect(await ended).toBe(1);
  const lines = output().trim().split("\n");
  expect(lines.at(-1)).toMatch(new RegExp(`^stepwell: workerd did not start. ${reason}. Check that .* --executor node`));
  expect(lines.filter((line) => line.includes("did not start"))).toHaveLength(1);
  expect(output()).not.toContain("Ready");
  expect(await areGone()).toBe(true);
});

test.skipIf(process.platform === "win32").each([
  ["dev", "SIGINT"],
  ["serve", "SIGTERM"],
] as const)("%s ends on %s while it waits for a workerd that says nothing", async (command, signal) => {
  const { ended, output } = await start(command, "exec sleep 1000");
  await vi.waitUntil(async () => (await pids()).length > 0, within);
  server?.kill(signal);
  expect(await ended).toBe(0);
  expect(output()).not.toContain("stepwell:");
  expect(await areGone()).toBe(true);
});

test.skipIf(process.platform === "win32")("a second signal does not wait, and leaves nothing behind either", async () => {
  const { ended } = await start("serve", "exec sleep 1000");
  await vi.waitUntil(async () => (await pids()).length > 0, within);
  server?.kill("SIGINT");
  server?.kill("SIGTERM");
  expect(await ended).toBe(130);
  await vi.waitUntil(areGone, within);
});

test.skipIf(process.platform === "win32")("a server killed while workerd starts leaves no folder behind", async () => {
  const left = (): Promise<string[]> => readdir(join(project.folder, "tmp"));
  const { ended } = await start("dev", "exec sleep 1000");
  await vi.waitUntil(async () => (await pids()).length > 0, within);
  expect(await left()).toContainEqual(expect.stringContaining("stepwell-workerd-"));
  server?.kill("SIGKILL");
  await ended;
  await vi.waitUntil(areGone, within);
  await vi.waitUntil(async () => (await left()).every((name) => !name.startsWith("stepwell-")), within);
});

test("dev ends on a signal while a Worker is loaded that takes for ever", async () => {
  await project.write("index.js", "console.log('begun'); for (;;); export default {};");
  const { ended, output } = await start("dev");
  await vi.waitUntil(() => output().includes("begun"), within);
  server?.kill("SIGTERM");
  expect(await ended).toBe(0);
});
