/**
 * The process that holds what Workers keep: a workerd of its own, so that all others share it and none can hang it. It is
 * started by the first use, and again when it ends. It listens on a socket in a folder that only its owner may enter, which
 * stands in for a token.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { Agent, request as send, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { WebSocket } from "ws";
import { Failure } from "../../../model/errors.ts";
import { writeLine, type OnLog } from "../../../ports/script-log.ts";
import type { Storage, StorageRequest, StorageScope } from "../../../ports/storage.ts";
import { startHeartbeat } from "../../../protocol/heartbeat.ts";
import { BINARY } from "../binary.ts";
import { STORAGE_HEADERS } from "../messages.ts";
import { Output } from "../output.ts";
import { listening } from "../process.ts";
import { storageModule } from "./bundle.ts";
import { storageConfig } from "./config.ts";
import { scopeName } from "./scope.ts";

/** As long as a query may take on Cloudflare, in milliseconds. */
const HANG_AFTER_MS = 30_000;

/** How often the process is looked at within that span. */
const BEATS = 4;

/** Statuses that have no body. */
const EMPTY = new Set([204, 205, 304]);

export class StorageProcess implements Storage {
  /** Where it listens, or will. */
  readonly socket: string;
  readonly #folder: string;
  readonly #hangAfterMs: number;
  readonly #output: Output;
  readonly #agent: Agent = new Agent({ keepAlive: true });
  #running: Promise<ChildProcess> | undefined;
  #leash: WebSocket | undefined;
  #closed = false;

  /**
   * `folder` is for the data. Nothing is made before it is needed. After `hangAfterMs` without an answer the process is
   * taken for hung: a statement may take as long.
   */
  constructor(folder: string, onLog: OnLog = writeLine, hangAfterMs: number = HANG_AFTER_MS) {
    this.#folder = folder;
    this.#hangAfterMs = hangAfterMs;
    this.#output = new Output(onLog);
    this.socket = join(tmpdir(), `stepwell-${randomBytes(12).toString("hex")}`, "storage");
  }

  /** Resolves when it listens. */
  async open(): Promise<void> {
    await this.#child();
  }

  #child(): Promise<ChildProcess> {
    if (this.#closed) return Promise.reject(new Failure("shutting_down"));
    return (this.#running ??= this.#start());
  }

  async fetch(scope: StorageScope, request: StorageRequest): Promise<Response> {
    const child = await this.#child();
    try {
      return toResponse(await this.#send(scope, request));
    } catch (cause) {
      const mayAskAgain = isRefused(cause) && typeof request.body !== "object";
      // It has just ended, which has not been told yet: whoever comes next would ask over a connection that is dead.
      if ((mayAskAgain || child.killed) && child.exitCode === null && child.signalCode === null) await once(child, "exit");
      if (!mayAskAgain) throw new Failure("storage.unavailable", { cause });
      return this.fetch(scope, request);
    }
  }

  async forget(scope: StorageScope): Promise<void> {
    await this.open();
    const answer = await this.#send(scope, { method: "PURGE", path: "/" });
    answer.resume();
    if (answer.statusCode !== 204) throw new Failure("storage.unavailable");
    await rm(join(this.#folder, scopeName(scope.type, scope.id)), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const child = await this.#running?.catch(() => undefined);
    this.#agent.destroy();
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      await gone;
    }
    this.#leash?.terminate();
    await rm(join(this.socket, ".."), { recursive: true, force: true });
  }

  async #start(): Promise<ChildProcess> {
    const home = join(this.socket, "..");
    let child: ChildProcess | undefined;
    try {
      const gateway = await storageModule();
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      // Left over from a process that has ended.
      await rm(home, { recursive: true, force: true });
      await mkdir(home, { mode: 0o700 });
      const file = join(home, "config.capnp");
      await writeFile(file, storageConfig({ gateway, socket: this.socket, folder: this.#folder }), { mode: 0o600 });
      child = spawn(BINARY, ["serve", "--experimental", "--control-fd=3", file], {
        env: {},
        stdio: ["ignore", "pipe", "pipe", "pipe"],
      });
      this.#output.follow(child.stdout, "info");
      this.#output.follow(child.stderr, "error");
      await listening(child);
      child.once("exit", () => this.#again());
      await this.#hold(child);
      return child;
    } catch (cause) {
      child?.kill("SIGKILL");
      this.#running = undefined;
      throw new Failure("storage.unavailable", { cause });
    }
  }

  /** Workers use it without asking here first, so it has to be there. */
  #again(): void {
    this.#running = undefined;
    this.#leash?.terminate();
    if (!this.#closed) void this.open().catch((cause: unknown) => this.#output.write(undefined, String(cause), "error"));
  }

  /** However the server ends, the process does not outlive it; and when it does not answer any more, it is started anew. */
  async #hold(child: ChildProcess): Promise<void> {
    const leash = new WebSocket(`ws+unix:${this.socket}:/`, { headers: { [STORAGE_HEADERS.type]: "leash" } });
    this.#leash = leash;
    await new Promise<void>((resolve, reject) => leash.once("open", resolve).once("error", reject));
    const silent = (forMs: number): void => {
      if (forMs >= this.#hangAfterMs) child.kill("SIGKILL");
    };
    const heartbeat = startHeartbeat(this.#hangAfterMs / BEATS, () => leash.send("ping"), silent);
    leash.on("message", () => heartbeat.answered());
    leash.on("error", () => {});
    leash.on("close", () => heartbeat.stop());
  }

  #send(
    { type, id }: StorageScope,
    { method, path, headers = {}, body }: Omit<StorageRequest, "method"> & { method: StorageRequest["method"] | "PURGE" },
  ): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = send({
      socketPath: this.socket,
      agent: this.#agent,
      method,
      path,
      headers: { ...headers, host: "storage", [STORAGE_HEADERS.type]: type, [STORAGE_HEADERS.id]: id },
    });
    sent.on("response", resolve).on("error", reject);
    if (body === undefined || typeof body === "string") sent.end(body);
    else
      Readable.fromWeb(body)
        .on("error", (cause) => sent.destroy(cause))
        .pipe(sent);
    return promise;
  }
}

function toResponse(answer: IncomingMessage): Response {
  const { statusCode: status = 500, statusMessage: statusText = "" } = answer;
  const headers = Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
    typeof value === "string" ? [[name, value]] : [],
  );
  if (!EMPTY.has(status))
    return new Response(Readable.toWeb(answer) as ReadableStream<Uint8Array>, { status, statusText, headers });
  answer.resume();
  return new Response(null, { status, statusText, headers });
}

/** Nobody listens: nothing has been sent. */
function isRefused(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && (cause.code === "ECONNREFUSED" || cause.code === "ENOENT");
}
