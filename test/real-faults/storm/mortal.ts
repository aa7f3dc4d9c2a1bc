/** A server that is killed and started again on the same data directory, with the library that makes its calls fail. */
import { Agent, request } from "node:http";
import { descendants } from "../../endurance/processes.ts";
import { startServer, type Server } from "../../support/server.ts";
import type { Control } from "../preload/control.ts";
import { rig, workerdRig } from "../preload/library.ts";

const REQUEST_MS = 15_000;
const START_MS = 60_000;
const STOP_MS = 20_000;

interface Places {
  readonly folder: string;
  readonly data: string;
  readonly project: string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export class Mortal {
  readonly executor: "node" | "workerd";
  readonly control: Control;
  readonly #env: Readonly<Record<string, string>>;
  readonly #args: readonly string[];
  readonly #agent = new Agent({ keepAlive: true });
  #server: Server | undefined;
  #before = "";

  constructor(library: string, executor: "node" | "workerd", { folder, data, project }: Places) {
    this.executor = executor;
    const { control, env } = rig(library, folder, data);
    this.control = control;
    // Processes of workerd get the same page.
    const child = executor === "workerd" ? workerdRig(library, folder, data) : undefined;
    if (child !== undefined) this.control = child.control;
    this.#env = { ...env, ...child?.env };
    this.#args = ["dev", project, "--port", "0", "--data", data, "--executor", executor, "--drain-seconds", "2"];
  }

  /** Starts it, again and again while it is killed before it is ready. */
  async start(): Promise<void> {
    const late = AbortSignal.timeout(START_MS);
    for (;;) {
      try {
        this.#server = await startServer(this.#args, this.#env);
        return;
      } catch (cause) {
        // Killed by the library, as it was asked to; anything else is a server that does not start.
        if (late.aborted || !String(cause).includes("ended with null")) throw cause;
      }
    }
  }

  get pid(): number {
    return this.#server?.process.pid ?? 0;
  }

  get isAlive(): boolean {
    const process = this.#server?.process;
    return process !== undefined && process.exitCode === null && process.signalCode === null;
  }

  workerds(): number[] {
    return descendants(this.pid)
      .filter(({ name }) => name === "workerd")
      .map(({ pid }) => pid);
  }

  /** The end of what it has printed. */
  printed(): string {
    return `${this.#before}${this.#server?.output() ?? ""}`.slice(-6_000);
  }

  /** How much it has printed, in characters. */
  printedLength(): number {
    return this.#server?.output().length ?? 0;
  }

  /** Kills it if that has not happened, and starts it again. */
  async restart(): Promise<void> {
    this.#before = `${this.#server?.output() ?? ""}\n(restarted)\n`.slice(-1_500);
    await this.kill();
    await this.start();
  }

  /** Rejects when there is no answer. */
  send(method: string, path: string, body?: unknown): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const headers = { "content-type": "application/json" };
    const url = `${this.#server?.url ?? "http://127.0.0.1:9"}${path}`;
    const sent = request(url, { agent: this.#agent, method, headers, signal: AbortSignal.timeout(REQUEST_MS) }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.once("error", reject);
    });
    sent.once("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  }

  /** Its exit code; null when it had to be killed. */
  async stop(): Promise<number | null> {
    const timer = setTimeout(() => this.#server?.process.kill("SIGKILL"), STOP_MS);
    const code = (await this.#server?.stop()) ?? null;
    clearTimeout(timer);
    return code;
  }

  async kill(): Promise<void> {
    if (this.isAlive) await this.#server?.kill();
  }
}
