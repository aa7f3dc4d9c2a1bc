/** What has happened in a test harness: what Workers have logged, and beside it what the harness itself has done. */
import type { ScriptLine } from "../../ports/script-log.ts";
import type { Log } from "../../ports/log.ts";

/** A line of a Worker, as wrangler's harness has it. */
export interface WorkerLog {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly level: string;
  readonly message: string;
}

interface Entry {
  readonly source: "server" | "runtime";
  readonly worker: string | undefined;
  readonly timestamp: number;
  readonly message: string;
}

export class Timeline {
  #logs: WorkerLog[] = [];
  #entries: Entry[] = [];

  /** A new session begins. */
  clear(): void {
    this.clearLogs();
    this.#entries = [];
  }

  clearLogs(): void {
    this.#logs = [];
  }

  get logs(): WorkerLog[] {
    return structuredClone(this.#logs);
  }

  /** The harness does something. */
  note(message: string, worker?: string): void {
    this.#entries.push({ source: "server", worker, timestamp: Date.now(), message });
  }

  /** A Worker has written, or thrown, something. */
  line({ time: timestamp, level, kind, text, version }: ScriptLine): void {
    if (kind === "console") this.#logs.push({ timestamp, level, message: text });
    this.#entries.push({ source: "runtime", worker: version?.script, timestamp, message: `${level}: ${text}` });
  }

  /** What the server says of itself. */
  get log(): Log {
    const say = (message: string): void => this.note(message);
    return { debug: () => {}, info: say, warn: say, error: say };
  }

  /** All of it, for people. */
  toString(): string {
    if (this.#entries.length === 0) return "-------------- No debug log --------------";
    const lines = this.#entries.map(({ source, worker, timestamp, message }) => {
      const tags = [source, worker].filter((tag) => tag !== undefined).map((tag) => `[${tag}]`);
      return `${localTime(timestamp)} ${tags.join(" ")} ${message}`;
    });
    return ["--------------- debug logs ---------------", ...lines].join("\n");
  }
}

function localTime(timestamp: number): string {
  const date = new Date(timestamp);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}
