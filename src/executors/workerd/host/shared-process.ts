/**
 * The one process for scripts that call one another and for Durable Objects: an object exists once, and so does the process
 * that its files are open in. It is started when it is first needed, and where there are objects already, as soon
 * as scripts can be found.
 */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../../model/failures/failure.ts";
import type { Output } from "../process/output.ts";
import { Restart } from "../process/restart.ts";
import { WorkerdProcess, type AnswerLoader, type ProcessSettings } from "../process/process.ts";

/** What it is made of. */
export interface SharedProcessParts {
  readonly settings: ProcessSettings;
  readonly output: Output;
  readonly answer: AnswerLoader;
  /** The folder that objects are kept in, if they may be. */
  readonly objects: string | undefined;
}

/** How long after its end a process is started again for the sake of alarms, in milliseconds. */
const AGAIN_MS = 1_000;

export class SharedProcess {
  readonly #parts: SharedProcessParts;
  #process: Promise<WorkerdProcess> | undefined;
  /** The one before is gone, not just given up: both would have the same files open. */
  #left: Promise<void> = Promise.resolve();
  readonly #restart: Restart;

  constructor(parts: SharedProcessParts) {
    this.#parts = parts;
    this.#restart = new Restart(AGAIN_MS, parts.settings.closing, () => this.startForAlarms());
  }

  /** The process. */
  async acquire(): Promise<WorkerdProcess> {
    this.#parts.settings.closing.throwIfAborted();
    return (this.#process ??= this.#start());
  }

  /** To be called once the `closing` of its settings is aborted. */
  async close(): Promise<void> {
    const process = await this.#process?.catch(() => undefined);
    await process?.kill({ kind: "closed" });
  }

  async #start(): Promise<WorkerdProcess> {
    try {
      const { settings, output, answer, objects } = this.#parts;
      await this.#left;
      if (objects !== undefined) await mkdir(objects, { recursive: true, mode: 0o700 });
      const started = await WorkerdProcess.start({ ...settings, ...(objects !== undefined && { objects }) }, output, answer);
      void started.ended.then((end) => {
        this.#left = started.kill(end);
        this.#process = undefined;
        this.#restart.later();
      });
      return started;
    } catch (cause) {
      this.#process = undefined;
      this.#parts.settings.closing.throwIfAborted();
      // It says nothing about the script, which may be opened again.
      const detail = cause instanceof Failure && cause.detail !== undefined ? cause.detail : String(cause);
      throw new Failure("executor.not_started", { detail, cause });
    }
  }

  /** Starts the process if there are objects: their alarms may be due. Goes on until it has started. */
  startForAlarms(): void {
    const { objects, output, settings } = this.#parts;
    if (settings.closing.aborted || objects === undefined || !existsSync(join(objects, "objects"))) return;
    this.acquire().then(
      () => this.#restart.succeeded(),
      (cause: unknown) => {
        if (settings.closing.aborted) return;
        output.write(undefined, `Durable Objects cannot be reached: ${String(cause)}`, "error");
        this.#restart.failed();
      },
    );
  }
}
