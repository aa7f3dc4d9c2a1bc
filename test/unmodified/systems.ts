/** Three places where a project runs: `wrangler dev`, `stepwell dev`, and `stepwell serve` after `wrangler deploy`. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { CLIENTS, end, endGroup, environment } from "../parity/system.ts";
import { Visit } from "./visit.ts";
import type { Answers, Probe } from "./probe.ts";

export type SystemName = "wrangler" | "dev" | "serve";

/** Runs the project in this folder, asks it, and stops all that it has started. `print` gets what they print. */
export type System = (folder: string, probe: Probe, print: (text: string) => void) => Promise<Answers>;

/** How long a start may take, and a command, on a machine that does much else. */
const START_MS = 180_000;
const COMMAND_MS = 240_000;

const WRANGLER = join(CLIENTS, "wrangler/bin/wrangler.js");
const STEPWELL = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export const SYSTEMS: Readonly<Record<SystemName, System>> = {
  wrangler: async (folder, probe, print) => {
    const run = runner(folder, {}, print);
    for (const database of probe.databases ?? []) await run(WRANGLER, migration(probe, database, "--local"));
    const args = ["dev", "--port", "0", "--inspector-port", "0", "--show-interactive-dev-session=false", ...optionsOf(probe)];
    await using server = await start(folder, { command: [WRANGLER, ...args], ready: /Ready on (http:\/\/[^\s]+)/, print });
    return await probe.ask(new Visit(server.url, { host: undefined, devTriggers: true }));
  },
  dev: async (folder, probe, print) => {
    const command = [STEPWELL, "dev", "--port", "0", ...optionsOf(probe)];
    await using server = await start(folder, { command, ready: /(http:\/\/127\.0\.0\.1:\d+)\/workers\//, print });
    const run = runner(folder, variables(server.url, "any-text"), print);
    for (const database of probe.databases ?? []) await run(WRANGLER, migration(probe, database, "--remote"));
    return await probe.ask(new Visit(server.url, { host: `${probe.worker}.localhost`, devTriggers: true }));
  },
  serve: async (folder, probe, print) => {
    const data = join(folder, ".data");
    const command = [STEPWELL, "serve", "--data", data, "--port", "0"];
    await using server = await start(folder, { command, ready: /(http:\/\/127\.0\.0\.1:\d+)/, print });
    const token = (await readFile(join(data, "first-token"), "utf8")).trim();
    const run = runner(folder, variables(server.url, token), print);
    for (const made of probe.made ?? []) await run(WRANGLER, made);
    // The one that others are bound to comes first.
    for (const config of (probe.configs ?? [undefined]).toReversed()) await run(WRANGLER, deployment(probe, config));
    for (const database of probe.databases ?? []) await run(WRANGLER, migration(probe, database, "--remote"));
    return await probe.ask(new Visit(server.url, { host: `${probe.worker}.localhost`, devTriggers: false }));
  },
};

function optionsOf({ configs = [], args = [] }: Probe): readonly string[] {
  return [...configs.flatMap((config) => ["-c", config]), ...args];
}

function migration({ configs = [], args = [] }: Probe, database: string, where: string): readonly string[] {
  return ["d1", "migrations", "apply", database, where, ...configs.slice(0, 1).flatMap((config) => ["-c", config]), ...args];
}

function deployment({ args = [], secrets }: Probe, config: string | undefined): readonly string[] {
  return [
    "deploy",
    ...(config === undefined ? [] : ["-c", config]),
    ...args,
    ...(secrets === undefined ? [] : ["--secrets-file", secrets]),
  ];
}

/** The environment that points wrangler at a server of ours. */
function variables(url: string, token: string): Record<string, string> {
  return { CLOUDFLARE_API_BASE_URL: `${url}/client/v4`, CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_ACCOUNT_ID: "local" };
}

/** Runs commands that end by themselves, and have to succeed. */
export function runner(
  folder: string,
  env: Readonly<Record<string, string>>,
  print: (text: string) => void,
): (program: string, args: readonly string[]) => Promise<void> {
  return async (program, args) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: folder,
      env: environment(folder, env),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const printed = listen(child, print);
    const timer = setTimeout(() => endGroup(child.pid), COMMAND_MS);
    const [code] = (await once(child, "close")) as [number | null];
    clearTimeout(timer);
    if (code !== 0) throw new Error(`${[program.split("/").at(-1), ...args].join(" ")} ended with ${code}:\n${printed()}`);
  };
}

interface Start {
  readonly command: readonly string[];
  /** What is printed when it is there, and its address. */
  readonly ready: RegExp;
  readonly print: (text: string) => void;
}

interface Running extends AsyncDisposable {
  readonly url: string;
}

async function start(folder: string, { command, ready, print }: Start): Promise<Running> {
  const child = spawn(process.execPath, command, {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: environment(folder, {}),
  });
  const gone = once(child, "close");
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const printed = listen(child, (text) => {
    print(text);
    const url = ready.exec(printed())?.[1];
    if (url !== undefined) resolve(url);
  });
  const failed = (why: string): void => reject(new Error(`${command.slice(1).join(" ")} ${why}:\n${printed()}`));
  const timer = setTimeout(() => failed("is not ready"), START_MS);
  void gone.then(() => failed("has ended"));
  try {
    return { url: await promise, [Symbol.asyncDispose]: () => end(child, gone) };
  } catch (error) {
    await end(child, gone);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Hands on what a process prints, and keeps it. */
function listen(child: ChildProcess, print: (text: string) => void): () => string {
  let printed = "";
  const take = (chunk: Buffer): void => {
    const text = stripVTControlCharacters(chunk.toString());
    printed += text;
    print(text);
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  return () => printed;
}
