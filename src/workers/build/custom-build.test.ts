/** A build command of a project: what it prints, how it fails, and that nothing of it is left when it is stopped. */
import { tmpdir } from "node:os";
import { expect, test, vi } from "vitest";
import { ProjectError } from "../config/project-error.ts";
import { runCustomBuild } from "./custom-build.ts";

async function run(command: string, signal: AbortSignal = new AbortController().signal): Promise<string[]> {
  const lines: string[] = [];
  await runCustomBuild({ command, cwd: tmpdir() }, (text) => lines.push(text), signal);
  return lines;
}

test("what it prints is passed on, and it knows that it runs for dev", async () => {
  const lines = await run("echo out; echo err >&2; echo $WRANGLER_COMMAND");
  expect(lines[0]).toMatch(/^Running: echo out/);
  expect(lines.slice(1).toSorted()).toEqual(["dev", "err", "out"]);
});

test.each([
  ["exit 3", "Running custom build `exit 3` failed (exit code 3)"],
  ["kill -9 $$", "failed (ended by SIGKILL)"],
])("a build with `%s` that fails is reported with its exit", async (command, said) => {
  await expect(run(command)).rejects.toThrow(
    expect.objectContaining({ name: "ProjectError", message: expect.stringContaining(said) as string }),
  );
});

test("one that is stopped ends with all that it has started", async () => {
  const stop = new AbortController();
  const lines: string[] = [];
  const running = runCustomBuild(
    { command: "sleep 600 & echo $!; wait", cwd: tmpdir() },
    (text) => lines.push(text),
    stop.signal,
  );
  await vi.waitFor(() => expect(lines).toHaveLength(2), { timeout: 10_000 });
  stop.abort();
  await expect(running).rejects.toThrow(new ProjectError("The custom build `sleep 600 & echo $!; wait` was stopped"));
  await vi.waitFor(() => expect(() => process.kill(Number(lines[1]), 0)).toThrow("ESRCH"), { timeout: 10_000 });
  await expect(run("echo never", stop.signal)).rejects.toThrow("was stopped");
});
