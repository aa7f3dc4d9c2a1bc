/**
 * A server as `stepwell serve` starts it, in this process, on a data directory of its own: what targets that speak HTTP are put to,
 * and what they look at afterwards.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createToken } from "../../../src/access/tokens.ts";
import { startServer } from "../../../src/assembly/compose.ts";
import { defaultOptions, type ServerOptions } from "../../../src/assembly/server-options.ts";
import { ROLES, type Role } from "../../../src/model/platform/roles.ts";
import { silentLog } from "../../../src/noop/log.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { systemIds } from "../../../src/system/ids.ts";
import { openDatabases } from "./databases.ts";
import { HttpClient, type Answered } from "./http.ts";
import { APP, formOf, LIVES, type Worker } from "./worker.ts";

/** What a target needs to know of the server. Stand-ins of tests have it as well. */
export interface Site {
  readonly port: number;
  readonly client: HttpClient;
  /** A token of the role. */
  token(role: Role): string;
  /** Changes with every commit. */
  version(): string;
  /** What is defined: Workers, workflows, tokens, queues, …; by table. What runs by itself is not in it. */
  definitions(): Readonly<Record<string, string>>;
  /** Resolves when nothing has been committed for a moment. */
  settle(): Promise<void>;
  /** Takes what the server has logged as an error. */
  errors(): string[];
  /** Paths of the requests that reached the app, since the last call. */
  paths(): string[];
  /** Deploys again what requests may have deleted. */
  restore(): Promise<void>;
  /** Rejects unless the server makes an instance that completes. */
  lives(): Promise<void>;
  close(): Promise<void>;
}

/** How long an instance of one step may take, in milliseconds. */
const COMPLETES_MS = 20_000;

const PAUSE_MS = 2;

/** Looks without a commit after which a server is taken to be at rest, and looks at the most. */
const QUIET_LOOKS = 4;
const MOST_LOOKS = 1_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function openSite(executor: ServerOptions["executor"]): Promise<Site> {
  const data = await mkdtemp(join(tmpdir(), "stepwell-fuzz-"));
  const errors: string[] = [];
  const paths: string[] = [];
  const log = {
    ...silentLog,
    error: (message: string, fields?: object) => void errors.push(`${message} ${JSON.stringify(fields)}`),
    debug: (_: string, fields?: { readonly path?: unknown }) => {
      if (typeof fields?.path === "string") paths.push(fields.path);
    },
  };
  const starting = { signal: new AbortController().signal, isStarting: true, started: () => {} };
  const options = { ...defaultOptions(), port: 0, executor, drainMs: 0 };
  const running = await startServer(options, data, "tokens", starting, { log, onLine: () => {} });
  running.open();
  const client = new HttpClient(running.port);
  const tokens = new Map<Role, string>();
  const admin = async (method: string, path: string, body?: string | Buffer, type = "application/json"): Promise<Answered> => {
    const headers = { authorization: `Bearer ${tokens.get("admin")}`, "content-type": type };
    return client.send({ method, path: `/client/v4/accounts/local${path}`, headers, body });
  };
  const deploy = async (name: string, worker: Worker): Promise<void> => {
    const { type, body } = formOf(worker);
    const { status, text } = await admin("PUT", `/workers/scripts/${name}`, body, type);
    if (status !== 200) throw new Error(`${name} is not deployed: ${status} ${text}`);
    for (const [workflow, className] of Object.entries(worker.workflows)) {
      const made = await admin("PUT", `/workflows/${workflow}`, JSON.stringify({ script_name: name, class_name: className }));
      if (made.status !== 200) throw new Error(`${workflow} is not made: ${made.status} ${made.text}`);
    }
  };
  const restore = async (): Promise<void> => {
    const known = new Set((await running.catalog.tokens()).map(({ label }) => label));
    for (const role of ROLES)
      if (!known.has(`fuzz-${role}`)) {
        const made = await createToken(
          { catalog: running.catalog, clock: systemClock, ids: systemIds },
          { label: `fuzz-${role}`, role },
        );
        tokens.set(role, made.token);
      }
    const names = new Set(await running.catalog.scriptNames());
    const defined = await running.catalog.workflows({ offset: 0, limit: 1_000 });
    const isThere = (name: string, { workflows }: { workflows: object }): boolean =>
      names.has(name) && Object.keys(workflows).every((each) => defined.items.some((workflow) => workflow.name === each));
    if (!isThere("lives", LIVES)) await deploy("lives", LIVES);
    if (!isThere("app", APP)) await deploy("app", APP);
  };
  await restore();
  // The database of queues is made with the first one.
  const queue = await admin("POST", "/queues", JSON.stringify({ queue_name: "jobs" }));
  if (queue.status !== 200) throw new Error(`No queue is made: ${queue.status} ${queue.text}`);
  const databases = openDatabases(data);
  const settle = async (): Promise<void> => {
    let before = databases.version();
    for (let quiet = 0, looks = 0; quiet < QUIET_LOOKS && looks < MOST_LOOKS; looks += 1) {
      await pause(PAUSE_MS);
      const now = databases.version();
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
  };
  return {
    port: running.port,
    client,
    token: (role) => tokens.get(role) ?? "",
    version: () => databases.version(),
    definitions: () => databases.definitions(),
    settle,
    errors: () => errors.splice(0),
    paths: () => paths.splice(0),
    restore,
    lives: () => lives(admin),
    close: async () => {
      client.close();
      await running.stop();
      databases.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}

async function lives(admin: (method: string, path: string, body?: string) => Promise<Answered>): Promise<void> {
  const made = await admin("POST", "/workflows/lives/instances", JSON.stringify({ params: 4711 }));
  if (made.status !== 200) throw new Error(`No instance is made: ${made.status} ${made.text}`);
  const { id } = (JSON.parse(made.text) as { result: { id: string } }).result;
  for (const deadline = performance.now() + COMPLETES_MS; ; await pause(PAUSE_MS)) {
    const { text } = await admin("GET", `/workflows/lives/instances/${id}`);
    const { result } = JSON.parse(text) as { result?: { status: string; output: unknown } };
    if (result?.status === "complete" && result.output === 4711) return;
    if (performance.now() > deadline) throw new Error(`The instance does not complete: ${text}`);
  }
}
