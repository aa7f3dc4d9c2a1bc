/** A server in a process of its own, under the eyes of the suite: `stepwell dev` on a project and a data directory of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeProject, type Project } from "../support/server.ts";
import { Database } from "./database.ts";
import type { Faults } from "./failing-sqlite.ts";
import type { Probed } from "./probe.ts";
import { descendants } from "./processes.ts";
import { configuration, WORKER } from "./worker.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const PROBE = new URL("./probe.ts", import.meta.url).href;
const FAULTS = new URL("./faults.ts", import.meta.url).href;

/** How long a server may take to start, in milliseconds. */
const START_MS = 60_000;
/** How long any one request may take before the suite gives it up, in milliseconds. */
const REQUEST_MS = 20_000;
const STOP_MS = 15_000;

export type ExecutorName = "workerd" | "node";

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** Options of a server that differ from the usual ones. */
export interface ServerOptions {
  readonly executor: ExecutorName;
  readonly args?: readonly string[];
  /** The address that steps of `Mixed` report to. */
  readonly ledger?: string;
  /** Commits that fail. */
  readonly faults?: Faults;
}

export class Server {
  readonly executor: ExecutorName;
  readonly database: Database;
  readonly #project: Project;
  readonly #data: string;
  readonly #child: ChildProcess;
  #url = "";
  readonly #agent = new Agent({ keepAlive: true, keepAliveMsecs: 1_000 });
  #printed = "";
  /** What the process has last said of itself. */
  probed: Probed | undefined;

  private constructor(project: Project, data: string, { executor, args = [], faults }: ServerOptions) {
    this.executor = executor;
    this.#project = project;
    this.#data = data;
    this.database = new Database(join(data, "stepwell.db"));
    const loaded = faults === undefined ? [] : ["--import", FAULTS];
    const own = ["dev", project.folder, "--port", "0", "--data", data, "--executor", executor, "--drain-seconds", "2"];
    this.#child = spawn(process.execPath, ["--import", PROBE, ...loaded, MAIN, ...own, ...args], {
      env: { ...process.env, NO_COLOR: "1", ...(faults && { ENDURANCE_FAULTS: JSON.stringify(faults) }) },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const keep = (chunk: Buffer): void => {
      this.#printed = (this.#printed + chunk.toString()).slice(-20_000);
    };
    this.#child.stdout?.on("data", keep);
    this.#child.stderr?.on("data", keep);
    this.#child.on("message", (message) => (this.probed = message as Probed));
  }

  /** Starts one and resolves once it is ready. `spawned` gets it before that, to remove it whatever happens. */
  static async start(options: ServerOptions, spawned: (server: Server) => void): Promise<Server> {
    const files = { "wrangler.json": JSON.stringify(configuration(options.executor, options.ledger)), "index.js": WORKER };
    const project = await makeProject(files);
    const server = new Server(project, await mkdtemp(join(tmpdir(), "stepwell-endurance-")), options);
    spawned(server);
    await server.#ready();
    return server;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The processes of workerd that it has. */
  workerds(): number[] {
    return descendants(this.pid)
      .filter(({ name }) => name === "workerd")
      .map(({ pid }) => pid);
  }

  /** The last warnings and errors of its log that match, without what the Worker itself has thrown. */
  complaints(about: RegExp = /./): string[] {
    return this.#printed
      .split("\n")
      .filter((line) => /\b(warn|error|fatal)\b/i.test(line) && !line.includes("[endurance]"))
      .filter((line) => about.test(line))
      .slice(-5);
  }

  /** A request of the REST API, below the account. */
  api(method: string, path: string, body?: unknown): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return this.send(method, `/client/v4/accounts/local${path}`, text, { "content-type": "application/json" });
  }

  /** A request to the Worker's own `fetch`. */
  worker(path: string, script: string = "endurance"): Promise<Answer> {
    return this.send("GET", `/workers/${script}${path}`);
  }

  /** Any request, over connections that stay open. Rejects when there is no answer in time. */
  send(
    method: string,
    path: string,
    body?: string | Uint8Array,
    headers: Readonly<Record<string, string>> = {},
    timeoutMs: number = REQUEST_MS,
  ): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const options = { agent: this.#agent, method, headers: { ...headers, ...length }, signal: AbortSignal.timeout(timeoutMs) };
    const sent = request(this.#url + path, options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.once("end", () =>
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"], text }),
      );
      response.once("error", reject);
    });
    sent.once("error", (cause) => reject(new Error(`${method} ${path} was not answered: ${cause.message}`, { cause })));
    sent.end(body);
    return promise;
  }

  /** Asks it to end, and resolves with its exit code: null when it had to be killed. Removes what it has left on disk. */
  async stop(): Promise<number | null> {
    await this.#end("SIGTERM", STOP_MS);
    const code = this.#child.exitCode;
    await this.remove();
    return code;
  }

  /** Kills it with all its processes, and removes what it has left on disk. */
  async remove(): Promise<void> {
    const below = descendants(this.pid).map(({ pid }) => pid);
    await this.#end("SIGKILL", STOP_MS);
    for (const pid of below) kill(pid);
    this.#agent.destroy();
    this.database.close();
    await this.#project.remove();
    await rm(this.#data, { recursive: true, force: true });
  }

  /** Resolves when it has printed its address and answers. */
  async #ready(): Promise<void> {
    const until = performance.now() + START_MS;
    for (;;) {
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(this.#printed)?.[0];
      if (url !== undefined) {
        this.#url = url;
        return;
      }
      if (this.#child.exitCode !== null) throw new Error(`The server has ended with ${this.#child.exitCode}:\n${this.#printed}`);
      if (performance.now() > until) throw new Error(`The server was not ready in ${START_MS / 1_000} s:\n${this.#printed}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #end(signal: "SIGTERM" | "SIGKILL", withinMs: number): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), withinMs);
    await gone;
    clearTimeout(timer);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended with its server, as it should.
  }
}
