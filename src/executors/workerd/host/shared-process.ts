/**
 * The one process for scripts that call one another and for Durable Objects: an object exists once, and so does the process
 * that its files are open in. It is started when it is first needed, and where there are objects already, as soon
 * as scripts can be found.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Single } from "../child/single.ts";
import type { PoolParts } from "../process/pool.ts";
import { WorkerdProcess } from "../process/process.ts";

/** What it is made of. */
export interface SharedProcessParts extends Pick<PoolParts, "settings" | "output" | "answer"> {
  /** The folder that objects are kept in, if they may be. */
  readonly objects: string | undefined;
}

/** How long after its end a process is started again for the sake of alarms, in milliseconds. */
const AGAIN_MS = 1_000;

/** The process, which is needed as soon as there are objects. */
export function sharedProcess({ settings, output, answer, objects }: SharedProcessParts): Single<WorkerdProcess> {
  const kept = objects === undefined ? {} : { objects };
  return new Single({
    againMs: AGAIN_MS,
    closing: settings.closing,
    isNeeded: () => objects !== undefined && existsSync(join(objects, "objects")),
    onFailed: (cause) => output.write(undefined, `Durable Objects cannot be reached: ${String(cause)}`, "error"),
    start: () => WorkerdProcess.start({ ...settings, ...kept }, output, answer),
  });
}
