/** A stepwell server as a process of its own, started and stopped as a user would, and a client for its REST API. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The program. */
export const MAIN: string = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** Servers that run. A test that fails leaves them behind; its file does not. Benchmarks, which have no files, end their own. */
const running: Set<ChildProcess> = new Set();
if (process.env["VITEST"] !== undefined) {
  const { afterAll } = await import("vitest");
  afterAll(() => {
    for (const child of running) child.kill("SIGKILL");
  });
}

/** A project in a folder of its own. */
export interface Project {
  readonly folder: string;
  write(path: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

/** Makes a project of these files. */
export async function makeProject(files: Readonly<Record<string, string>>): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), "stepwell-test-"));
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  for (const [path, text] of Object.entries(files)) await write(path, text);
  return { folder, write, remove: () => rm(folder, { recursive: true, force: true }) };
}

export interface Server {
  readonly url: string;
  readonly process: ChildProcess;
  /** All that it has printed. */
  output(): string;
  /** The admin's token that its first start has written to a file. */
  firstToken(): Promise<string>;
  /** Calls the REST API below `/accounts/local`; answers the envelope. */
  call(method: string, path: string, body?: unknown): Promise<Envelope>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

export interface Envelope {
  readonly status: number;
  readonly success: boolean;
  readonly result: never;
  readonly result_info?: { readonly cursor?: string };
  readonly errors: readonly { readonly code: number; readonly message: string }[];
}

/** What a command printed, and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command that ends by itself, with this input. One that does not is ended. */
export function runCommand(
  args: readonly string[],
  cwd?: string,
  env: Readonly<Record<string, string>> = {},
  input: string = "",
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, NO_COLOR: "1", ...env }, timeout: 20_000, killSignal: "SIGKILL" } as const;
    const child = execFile(process.execPath, [MAIN, ...args], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

/** Starts the command line and resolves when it has printed its address. Rejects when it ends before. `main`: of another version. */
export async function startServer(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  main: string = MAIN,
): Promise<Server> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  let printed = "";
  const url = await new Promise<string>((resolve, reject) => {
    const listen = (chunk: Buffer): void => {
      printed += chunk.toString();
      const found = /https?:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("exit", (code) => reject(new Error(`stepwell ended with ${code}:\n${printed}`)));
  });
  // Not `exit`: what it printed last may come after that.
  const gone = once(child, "close");
  return {
    url,
    process: child,
    output: () => printed,
    firstToken: async () => (await readFile(/^First token: (.+)$/m.exec(printed)?.[1] ?? "", "utf8")).trim(),
    call: (method, path, body) => call(`${url}/client/v4/accounts/local${path}`, method, body),
    stop: async () => {
      child.kill("SIGTERM");
      await gone;
      return child.exitCode;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

async function call(url: string, method: string, body: unknown): Promise<Envelope> {
  const init: RequestInit =
    body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await fetch(url, init);
  return { status: response.status, ...((await response.json()) as Omit<Envelope, "status">) };
}
