/**
 * What a process of workerd writes, line by line, under the name of the script that wrote it. A message begins with its
 * script's mark and may have several lines; what has no mark at all is from workerd itself.
 */
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { LogLevel, OnLog } from "../../ports/script-log.ts";

/** On both sides of what a mark says. */
const EDGE = "\u0001";

export class Output {
  readonly #onLog: OnLog;
  /** How a script's lines are to begin, by mark. */
  readonly #names: Map<string, string> = new Map();

  constructor(onLog: OnLog) {
    this.#onLog = onLog;
  }

  /** The mark for a script's messages. No other script can guess it. */
  mark(script: string): string {
    const key = randomBytes(12).toString("base64url");
    this.#names.set(key, script);
    return `${EDGE}${key}${EDGE}`;
  }

  forget(mark: string): void {
    this.#names.delete(mark.slice(1, -1));
  }

  /** A line about a script that is not from it. */
  write(script: string, line: string, level: LogLevel): void {
    this.#onLog(script, line, level);
  }

  follow(stream: Readable | null, level: LogLevel): void {
    if (stream === null) return;
    let name = "workerd";
    createInterface({ input: stream }).on("line", (line) => {
      const [before, key, ...text] = line.split(EDGE);
      const marked = before === "" && key !== undefined ? this.#names.get(key) : undefined;
      name = marked ?? name;
      this.#onLog(name, marked === undefined ? line : text.join(EDGE).replace(/^ /, ""), level);
    });
  }
}
