/**
 * The one process for scripts that call one another and for Durable Objects: an object exists once, and so does the process
 * that its files are open in. It is started when it is first needed, and where there are objects already, as soon
 * as scripts can be found.
 */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../model/errors.ts";
import type { Output } from "./output.ts";
import { residentBytes } from "./pool.ts";
import { WorkerdProcess, type AnswerLoader, type ProcessSettings } from "./process.ts";

/** What it is made of. */
export interface HomeParts {
  /** When the process takes more memory it is ended, and what it ran goes on in another; in bytes. */
  readonly fullBytes: number;
  readonly settings: ProcessSettings;
  readonly output: Output;
  readonly answer: AnswerLoader;
  /** The folder that objects are kept in, if they may be. */
  readonly objects: string | undefined;
}

/** How long after its end a process is started again for the sake of alarms, in milliseconds. */
const AGAIN_MS = 1_000;

export class Home {
  readonly #parts: HomeParts;
  #process: Promise<WorkerdProcess> | undefined;
  /** The one before is gone, not just given up: both would have the same files open. */
  #left: Promise<void> = Promise.resolve();
  #again: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: HomeParts) {
    this.#parts = parts;
  }

  /** The process. */
  async acquire(): Promise<WorkerdProcess> {
    if (this.#closed) throw new Failure("shutting_down");
    const process = await (this.#process ??= this.#start());
    if (residentBytes(process.pid) <= this.#parts.fullBytes) return process;
    await process.kill({ kind: "died", detail: "The process of workerd had grown too large" });
    return (this.#process ??= this.#start());
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#again);
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
        this.#forget();
      });
      return started;
    } catch (cause) {
      this.#process = undefined;
      throw cause;
    }
  }

  #forget(): void {
    this.#process = undefined;
    if (!this.#closed) this.#again = setTimeout(() => this.startForAlarms(), AGAIN_MS);
  }

  /** Starts the process if there are objects: their alarms may be due. */
  startForAlarms(): void {
    const { objects, output } = this.#parts;
    if (this.#closed || objects === undefined || !existsSync(join(objects, "objects"))) return;
    this.acquire().catch((cause: unknown) =>
      output.write(undefined, `Durable Objects cannot be reached: ${String(cause)}`, "error"),
    );
  }
}
