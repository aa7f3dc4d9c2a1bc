/** `build.command` of the configuration: another program makes the Worker's entry. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { ProjectError } from "../config/project-error.ts";
import type { BuildOptions } from "./options.ts";

/**
 * Runs it in a shell, and resolves when it has ended well. `line` gets what it prints. When `signal` aborts, it ends with all that
 * it has started. Rejects with a `ProjectError`.
 */
export async function runCustomBuild(
  { command, cwd }: Pick<NonNullable<BuildOptions["command"]>, "command" | "cwd">,
  line: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) throw stopped(command);
  line(`Running: ${command}`);
  const child = spawn(command, {
    cwd,
    shell: true,
    // A group of its own can be ended as a whole.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, WRANGLER_COMMAND: "dev" },
  });
  const end = (): void => endGroup(child.pid);
  signal.addEventListener("abort", end);
  const read = Promise.all([child.stdout, child.stderr].map((stream) => eachLine(stream, line)));
  try {
    const [code, by] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    await read;
    if (signal.aborted) throw stopped(command);
    if (code === 0) return;
    const how = code === null ? `ended by ${by}` : `exit code ${code}`;
    throw new ProjectError(`Running custom build \`${command}\` failed (${how}). Its output is above.`);
  } catch (cause) {
    if (cause instanceof ProjectError) throw cause;
    throw new ProjectError(`Running custom build \`${command}\` failed: ${(cause as Error).message}`, { cause });
  } finally {
    signal.removeEventListener("abort", end);
  }
}

function stopped(command: string): ProjectError {
  return new ProjectError(`The custom build \`${command}\` was stopped`);
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

async function eachLine(stream: Readable, line: (text: string) => void): Promise<void> {
  for await (const text of createInterface({ input: stream })) line(text);
}
