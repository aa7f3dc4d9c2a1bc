/**
 * The process that holds what Workers keep: a workerd of its own, so that all others share it and none can hang it. It is
 * started by the first use, and again when it ends. It listens on a socket in a folder that only its owner may enter, which
 * stands in for a token.
 */
import { mkdir, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { Failure } from "../../../model/failures/failure.ts";
import type { OnLog } from "../../../ports/script-log.ts";
import { writeLine } from "../../output/lines.ts";
import type { Storage, StorageRequest, StorageScope } from "../../../ports/storage.ts";
import { reasonOf, WorkerdChild } from "../child/child.ts";
import type { Connection } from "../connection/connection.ts";
import { toResponse } from "../connection/response.ts";
import { within } from "../child/deadline.ts";
import { STORAGE_HEADERS } from "../messages.ts";
import { makeFolder, removeFolder, temporaryPath } from "../child/cleanup.ts";
import { Single } from "../child/single.ts";
import { Output } from "../process/output.ts";
import { storageModule } from "./bundle.ts";
import { storageConfig } from "./config.ts";
import { scopeName } from "./scope.ts";

/** As long as a query may take on Cloudflare, in milliseconds. */
const HANG_AFTER_MS = 30_000;

/** How long the process may take to start, in milliseconds. */
const START_MS = 30_000;

/** How long a request may go without a byte in either direction, in milliseconds. */
const STALL_MS = 300_000;

/** How long a process that refuses connections may take to end, in milliseconds. */
const END_MS = 1_000;

/** How long after its end the process is started again, in milliseconds. */
const AGAIN_MS = 10;

export class StorageProcess implements Storage {
  /** Where it listens, or will. */
  readonly socket: string;
  readonly #folder: string;
  readonly #hangAfterMs: number;
  readonly #output: Output;
  readonly #closing: AbortController = new AbortController();
  /** Workers use it without asking here first, so it has to be there once it was. */
  readonly #process: Single<WorkerdChild>;

  /**
   * `folder` is for the data. Nothing is made before it is needed. After `hangAfterMs` without an answer the process is
   * taken for hung: a statement may take as long.
   */
  constructor(folder: string, onLog: OnLog = writeLine, hangAfterMs: number = HANG_AFTER_MS) {
    this.#folder = folder;
    this.#hangAfterMs = hangAfterMs;
    this.#output = new Output(onLog);
    this.socket = join(temporaryPath("stepwell-"), "storage");
    this.#process = new Single({
      start: () => this.#start(),
      againMs: AGAIN_MS,
      isNeeded: () => true,
      onFailed: (cause) => this.#output.write(undefined, `${String(cause)}: ${reasonOf(cause)}`, "error"),
      closing: this.#closing.signal,
    });
  }

  /** Resolves when it listens. Rejects with `Failure("storage.unavailable")`. */
  async open(): Promise<void> {
    await this.#process.acquire();
  }

  async fetch(scope: StorageScope, request: StorageRequest): Promise<Response> {
    return this.#fetch(scope, request, true);
  }

  async #fetch(scope: StorageScope, request: StorageRequest, mayAskAgain: boolean): Promise<Response> {
    const { connection, ended } = await this.#process.acquire();
    try {
      return toResponse(await send(connection, scope, request));
    } catch (cause) {
      if (!isRefused(cause)) throw new Failure("storage.unavailable", { cause });
      // It has just ended, which is not known yet. Nothing has been sent.
      await within(END_MS, "The end of the storage process", ended).catch(() => undefined);
      if (!mayAskAgain || typeof request.body === "object") throw new Failure("storage.unavailable", { cause });
      return this.#fetch(scope, request, false);
    }
  }

  async forget(scope: StorageScope): Promise<void> {
    const { connection } = await this.#process.acquire();
    const answer = await send(connection, scope, { method: "PURGE", path: "/" }).catch((cause: unknown) => {
      throw new Failure("storage.unavailable", { cause });
    });
    answer.resume();
    if (answer.statusCode !== 204) throw new Failure("storage.unavailable");
    await rm(join(this.#folder, scopeName(scope.type, scope.id)), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    this.#closing.abort(new Failure("shutting_down"));
    await this.#process.close();
    await removeFolder(dirname(this.socket));
  }

  async #start(): Promise<WorkerdChild> {
    try {
      const gateway = await storageModule();
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const folder = await makeFolder(dirname(this.socket));
      const { socket } = this;
      const config = storageConfig({ gateway, socket, folder: this.#folder });
      const { signal } = this.#closing;
      const child = await WorkerdChild.start({ config, folder, socket, output: this.#output, startMs: START_MS, signal });
      await child.hold(
        { [STORAGE_HEADERS.type]: "lifeline" },
        {
          hangAfterMs: this.#hangAfterMs,
          onSilent: (forMs) => {
            if (forMs >= this.#hangAfterMs) void child.kill(`it did not answer for ${forMs} ms and was killed`);
          },
        },
      );
      void child.how.then((how) => {
        if (!signal.aborted) this.#output.write(undefined, `The process that keeps KV, D1 and R2 is gone: ${how}`, "error");
      });
      return child;
    } catch (cause) {
      throw new Failure("storage.unavailable", { detail: reasonOf(cause), cause });
    }
  }
}

function send(
  connection: Connection,
  { type, id }: StorageScope,
  { method, path, headers = {}, body }: Omit<StorageRequest, "method"> & { method: StorageRequest["method"] | "PURGE" },
): Promise<IncomingMessage> {
  return connection.send({
    method,
    path,
    headers: { ...headers, host: "storage", [STORAGE_HEADERS.type]: type, [STORAGE_HEADERS.id]: id },
    body: typeof body === "object" ? Readable.fromWeb(body) : body,
    stallMs: STALL_MS,
  });
}

/** No listener: nothing has been sent. */
function isRefused(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && (cause.code === "ECONNREFUSED" || cause.code === "ENOENT");
}
