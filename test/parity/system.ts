/** The two systems: started in a project's folder, asked, and stopped with all that they started. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import type { Input } from "./input.ts";

/** What a project answered, or that it was refused. */
export type Outcome = { readonly answers: readonly Answer[] } | { readonly refused: true };

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** An outcome, and what was printed on the way, for people. */
export interface Run {
  readonly outcome: Outcome;
  readonly printed: string;
}

export type System = (folder: string, input: Input) => Promise<Run>;

/** How long a start may take, and an answer, on a machine that does much else. */
const START_MS = 120_000;
const ANSWER_MS = 60_000;

/** Where wrangler is installed. */
export const CLIENTS: string = fileURLToPath(new URL("../clients/node_modules/", import.meta.url));

const WRANGLER = join(CLIENTS, "wrangler/bin/wrangler.js");
const STEPWELL = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export const wrangler: System = (folder, input) =>
  run(folder, input, {
    command: [WRANGLER, "dev", "--port", "0", "--inspector-port", "0", "--show-interactive-dev-session=false"],
    ready: /Ready on (http:\/\/[^\s]+)/,
    host: () => undefined,
  });

export const stepwell: System = (folder, input) =>
  run(folder, input, {
    command: [STEPWELL, "dev", "--port", "0"],
    ready: /Worker +http:\/\/localhost:.* (http:\/\/127\.0\.0\.1:\d+)\/workers\//,
    host: (printed) => /Worker +http:\/\/(localhost:\d+)/.exec(printed)?.[1],
  });

interface Start {
  readonly command: readonly string[];
  /** What is printed when it is there, and its address. */
  readonly ready: RegExp;
  /** The host name under which the Worker answers, when it is not that of the address. */
  readonly host: (printed: string) => string | undefined;
}

async function run(folder: string, { args = [], env = {}, paths = ["/"] }: Input, start: Start): Promise<Run> {
  const child = spawn(process.execPath, [...start.command, ...args], {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: environment(folder, env),
  });
  let printed = "";
  const gone = once(child, "close");
  try {
    const url = await new Promise<string | undefined>((resolve, reject) => {
      const late = (): void => reject(new Error(`Neither ready nor refused in ${START_MS / 1_000} s:\n${printed}`));
      const timer = setTimeout(late, START_MS);
      const listen = (chunk: Buffer): void => {
        printed += stripVTControlCharacters(chunk.toString());
        const found = start.ready.exec(printed)?.[1];
        // wrangler goes on after a failed build, and is ready all the same when the file has been mended.
        if (found === undefined && !/Build failed|\[ERROR\]/.test(printed)) return;
        clearTimeout(timer);
        resolve(found);
      };
      child.stdout.on("data", listen);
      child.stderr.on("data", listen);
      void gone.then(() => {
        clearTimeout(timer);
        resolve(undefined);
      });
    });
    if (url === undefined) return { outcome: { refused: true }, printed };
    const answers: Answer[] = [];
    for (const path of paths) answers.push(await ask(url, path, start.host(printed)));
    return { outcome: { answers }, printed };
  } finally {
    await end(child, gone);
  }
}

/** Nothing of this machine's user. */
export function environment(folder: string, more: Readonly<Record<string, string>>): Record<string, string> {
  const home = join(folder, ".home");
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    XDG_CONFIG_HOME: home,
    WRANGLER_REGISTRY_PATH: join(home, "registry"),
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_HIDE_BANNER: "true",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    CI: "1",
    NO_COLOR: "1",
    ...more,
  };
}

function ask(url: string, path: string, host: string | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, url), { headers: host === undefined ? {} : { host }, timeout: ANSWER_MS, agent: false });
    asked.on("timeout", () => asked.destroy(new Error("No answer")));
    asked.on("error", reject);
    asked.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", reject);
    });
    asked.end();
  });
}

/** Asks it to stop, and ends what is left of its group after a while. */
export async function end(child: ChildProcess, gone: Promise<unknown>): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => endGroup(child.pid), 5_000);
  await gone;
  clearTimeout(timer);
  endGroup(child.pid);
}

export function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // The group is empty.
  }
}
