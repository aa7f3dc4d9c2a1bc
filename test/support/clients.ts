/** The real clients, as their users run them: a process for wrangler, the package for the SDK. */
import { execFile, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const installed = fileURLToPath(new URL("../clients/", import.meta.url));

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Wrangler {
  /** Runs `wrangler workflows …`. */
  (...args: readonly string[]): Promise<Ran>;
  /** Removes the folder that it was run in. */
  close(): Promise<void>;
}

/** wrangler in a folder, with this environment; `input` is its standard input, and `started` gets the process. */
export function wranglerIn(
  folder: string,
  env: Readonly<Record<string, string>>,
): (args: readonly string[], input?: string, started?: (child: ChildProcess) => void) => Promise<Ran> {
  const environment = {
    PATH: process.env["PATH"] ?? "",
    ...(process.env["NODE_COMPILE_CACHE"] !== undefined && { NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] }),
    HOME: folder,
    XDG_CONFIG_HOME: folder,
    CI: "1",
    NO_COLOR: "1",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_HIDE_BANNER: "true",
    ...env,
  };
  return (args, input = "", started = () => {}) =>
    new Promise((resolve) => {
      const command = [join(installed, "node_modules/wrangler/bin/wrangler.js"), ...args];
      const child = execFile(process.execPath, command, { cwd: folder, env: environment }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        resolve({ code, stdout, stderr });
      });
      child.stdin?.end(input);
      started(child);
    });
}

/** `wrangler workflows` in a folder of its own, with this environment and these arguments at the end of every command. */
export async function openWrangler(env: Readonly<Record<string, string>>, ...last: readonly string[]): Promise<Wrangler> {
  const folder = await mkdtemp(join(tmpdir(), "stepwell-wrangler-"));
  const wrangler = wranglerIn(folder, env);
  const run = (...args: readonly string[]): Promise<Ran> => wrangler(["workflows", ...args, ...last]);
  return Object.assign(run, { close: () => rm(folder, { recursive: true, force: true }) });
}

/** As much of the official SDK as the tests use. */
export interface Sdk {
  readonly accounts: { list(): AsyncIterable<object> };
  readonly memberships: { list(): AsyncIterable<object> };
  readonly user: { get(): Promise<object>; readonly tokens: { verify(): Promise<object> } };
  readonly workers: SdkWorkers;
  readonly workflows: {
    list(params: object): AsyncIterable<{ name: string }>;
    get(name: string, params: object): Promise<SdkWorkflow>;
    update(name: string, params: object): Promise<{ name: string; version_id: string }>;
    delete(name: string, params: object): Promise<{ status: string }>;
    readonly versions: {
      list(name: string, params: object): AsyncIterable<{ id: string }>;
      get(id: string, params: object): Promise<{ id: string; class_name: string }>;
    };
    readonly instances: {
      create(name: string, params: object): Promise<{ id: string; status: string }>;
      bulk(name: string, params: object): AsyncIterable<{ id: string }>;
      list(name: string, params: object): AsyncIterable<{ id: string; status: string }>;
      get(id: string, params: object): Promise<{ status: string; output: unknown; steps: { name: string; output?: string }[] }>;
      step(id: string, params: object): Promise<{ status: string; output: unknown }> & { asResponse(): Promise<Response> };
      readonly status: { edit(id: string, params: object): Promise<{ status: string }> };
      readonly events: { create(type: string, params: object): Promise<unknown> };
    };
  };
}

interface SdkWorkers {
  readonly beta: {
    readonly workers: {
      create(params: object): Promise<{ id: string; deployed_on?: string | null }>;
      list(params: object): AsyncIterable<{ id: string }>;
      get(id: string, params: object): Promise<{ id: string; tags: string[]; deployed_on?: string | null }>;
      update(id: string, params: object): Promise<{ tags: string[] }>;
      edit(id: string, params: object): Promise<{ tags: string[] }>;
      delete(id: string, params: object): Promise<{ success: true }>;
      readonly versions: {
        create(worker: string, params: object): Promise<{ id: string; number: number }>;
        list(worker: string, params: object): AsyncIterable<{ id: string }>;
        get(id: string, params: object): Promise<{ modules?: object[]; main_module?: string }>;
        delete(id: string, params: object): Promise<{ success: true }>;
      };
    };
  };
  readonly scripts: { readonly deployments: { create(script: string, params: object): Promise<{ id: string }> } };
}

interface SdkWorkflow {
  readonly name: string;
  readonly class_name: string;
  readonly script_name: string;
  readonly instances: Record<string, number>;
  readonly schedules?: readonly { readonly cron: string; readonly next_instance: string }[];
}

/** The SDK's client class, with its error classes. */
export interface SdkModule {
  readonly default: new (options: object) => Sdk;
  readonly NotFoundError: new (...args: never[]) => Error & { readonly errors: readonly { readonly code: number }[] };
  readonly ConflictError: new (...args: never[]) => Error;
  readonly BadRequestError: new (...args: never[]) => Error;
  readonly AuthenticationError: new (...args: never[]) => Error;
}

/** Loads the SDK. */
export function loadSdk(): SdkModule {
  return createRequire(join(installed, "package.json"))("cloudflare") as SdkModule;
}
