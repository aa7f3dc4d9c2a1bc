/**
 * What a process of workerd writes, message by message, each with the script that wrote it. What has no mark is from
 * workerd itself.
 */
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { ScriptVersion } from "../../../ports/catalog/script-versions.ts";
import type { OnInvocation, OnLog } from "../../../ports/script-log.ts";
import { saidInvocation, saidLine, scriptLine } from "../../output/lines.ts";
import type { LogLevel } from "../../../model/views/script-line.ts";
import { LIMITS } from "../../../model/limits.ts";
import { invocationOf, type Invocation } from "../../../protocol/invocation.ts";
import { endOf, markedIn, readMark } from "../output/marks.ts";
import { Reasons } from "../output/reasons.ts";

/** How many scripts that have ended are remembered. */
const LATE = 16;

/** A message of which the end has not come yet. */
interface Message {
  readonly version: ScriptVersion;
  readonly says: string;
  readonly end: string;
  text: string;
}

export class Output {
  readonly #onLog: OnLog;
  readonly #onInvocation: OnInvocation;
  /** Why requests failed, as far as workerd has written it. */
  readonly reasons: Reasons;
  /** Whose messages begin with a key. */
  readonly #versions: Map<string, ScriptVersion> = new Map();
  readonly #closed: string[] = [];

  constructor(onLog: OnLog, onInvocation: OnInvocation = () => {}) {
    this.#onLog = onLog;
    this.#onInvocation = onInvocation;
    this.reasons = new Reasons(onLog);
  }

  /** The key to the messages of a script. No other script can guess it. */
  key(version: ScriptVersion): string {
    const key = randomBytes(12).toString("base64url");
    this.#versions.set(key, version);
    return key;
  }

  /** The script has ended; what it wrote last may still be on its way. */
  forget(key: string): void {
    this.#closed.push(key);
    if (this.#closed.length > LATE) this.#versions.delete(this.#closed.shift() ?? "");
  }

  /** A line about a script that is not from it, or about workerd itself. */
  write(version: ScriptVersion | undefined, text: string, level: LogLevel): void {
    this.#onLog(scriptLine(text, { level, ...(version && { version }) }));
  }

  /** An invocation that cannot say itself how it ended. */
  tell(version: ScriptVersion, invocation: Invocation): void {
    this.#onInvocation(saidInvocation(invocation, version));
  }

  follow(stream: Readable | null, level: LogLevel): void {
    if (stream === null) return;
    let open: Message | undefined;
    const isReported = this.reasons.reader();
    const finish = (): void => {
      if (open !== undefined) this.#finish(open);
      open = undefined;
    };
    createInterface({ input: stream })
      .on("line", (line) => {
        const begun = this.#begin(line);
        if (begun !== undefined) {
          finish();
          open = begun;
        } else if (open === undefined) {
          if (!isReported(line)) this.#onLog(scriptLine(line, { level }));
        } else if (open.text.length <= LIMITS.logLine || line.endsWith(open.end)) open.text += `\n${line}`;
        if (open?.text.endsWith(open.end) === true) finish();
      })
      .on("close", finish);
  }

  #begin(line: string): Message | undefined {
    const mark = readMark(line);
    const version = mark && this.#versions.get(mark.key);
    return version && { version, says: mark.says, text: mark.text, end: ` ${endOf(mark.key)}` };
  }

  #finish({ version, says, end, text }: Message): void {
    const marked = markedIn(says);
    const invocation = invocationOf(marked.invocation);
    if (invocation !== undefined) this.tell(version, invocation);
    if (marked.kind === "none") return;
    const whole = text.endsWith(end) ? text.slice(0, -end.length) : text;
    this.#onLog(saidLine(marked.isApart ? whole.replace(/^ /, "") : whole, { ...marked }, version));
  }
}
