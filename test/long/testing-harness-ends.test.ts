/** What a test harness leaves behind when it ends, however that is: nothing. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createTestHarness } from "../../src/testing/index.ts";
import { HARNESS_PROJECT } from "../support/harness-project.ts";
import { makeProject } from "../support/server.ts";

/** A folder for temporary files, in this process and in those that it starts. */
async function temporaries(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "stepwell-test-"));
  vi.stubEnv("TMPDIR", folder);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
  return folder;
}

/** esbuild's own process is shared by all that builds in this one, and ends with it. */
const NOT_OURS = new Set(["ps", "esbuild"]);

/** Child processes of this one, by their commands. */
function children(): string[] {
  const lines = execFileSync("ps", ["-A", "-o", "ppid=,comm="], { encoding: "utf8" }).split("\n");
  const own = lines.map((line) => line.trim()).filter((line) => line.startsWith(`${process.pid} `));
  return own.map((line) => line.slice(`${process.pid} `.length)).filter((command) => !NOT_OURS.has(command));
}

async function projectFolder(): Promise<string> {
  const project = await makeProject(HARNESS_PROJECT);
  onTestFinished(() => project.remove());
  return project.folder;
}

describe("nothing is left", () => {
  test("of a start that fails, which can be tried again", async () => {
    const root = await projectFolder();
    const folder = await temporaries();
    const before = { children: children(), Request, Response };
    const inline = { name: "inline", main: "post/index.js", compatibility_date: "2026-11-01" };
    const server = createTestHarness();
    onTestFinished(() => server.close());
    await expect(server.listen()).rejects.toMatchObject({ code: "no_options" });
    await server.update({ root, workers: [{ config: { ...inline, main: "nowhere.js" } }] });
    await expect(server.listen()).rejects.toThrow("nowhere.js");
    // The class is missed when all is up and the Worker is deployed.
    const workflows = [{ name: "w", binding: "W", class_name: "Missing" }];
    await server.update({ root, workers: [{ config: { ...inline, workflows } }] });
    await expect(server.listen()).rejects.toThrow('no class "Missing"');
    expect(await readdir(folder)).toEqual([]);
    await server.update({ root, workers: [{ config: inline }] });
    await server.listen();
    expect(children().length).toBeGreaterThan(before.children.length);
    expect(await (await server.fetch("/x")).text()).toBe("post /x");
    await server.close();
    expect(await readdir(folder)).toEqual([]);
    // The shell that would have killed what is left ends by itself.
    await vi.waitFor(() => expect({ children: children(), Request, Response }).toEqual(before), { timeout: 10_000 });
  }, 30_000);

  test("of a test process that ends without closing", async () => {
    const root = await projectFolder();
    const folder = await temporaries();
    const index = fileURLToPath(new URL("../../src/testing/index.ts", import.meta.url));
    const script = `
      const { createTestHarness } = await import(${JSON.stringify(index)});
      const server = createTestHarness({ root: ${JSON.stringify(root)}, workers: [{ configPath: "shop/wrangler.json" }] });
      await server.listen();
      await (await server.getWorker().getEnv()).KV.put("a", "b");
      process.kill(process.pid, "SIGKILL");
    `;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: "inherit" });
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
    await vi.waitFor(async () => expect(await readdir(folder)).toEqual([]), { timeout: 10_000 });
  }, 30_000);
});
