/**
 * The reasons that workerd has written, by their references, for as long as they may be requested. Requests that are refused, or
 * go to unknown names, are logged once and then counted: a Worker can make thousands of them a second.
 */
import type { OnLog } from "../../../ports/script-log.ts";
import { scriptLine } from "../../output/lines.ts";
import { incidentIn, stackIn, type Incident } from "./incidents.ts";

/** How many reasons are remembered, the newest. */
const KEPT = 1_000;

/** How many different ones are in the log of one minute. */
const SHOWN = 10;

const MINUTE_MS = 60_000;

/** How long a reason may take to come after the error, in milliseconds: it is on another pipe. */
const LATE_MS = 250;

export class Reasons {
  readonly #onLog: OnLog;
  readonly #kept: Map<string, Incident> = new Map();
  readonly #waiting: Map<string, (incident: Incident) => void> = new Map();
  readonly #shown: Set<string> = new Set();
  #more = 0;
  #minute: NodeJS.Timeout | undefined;

  constructor(onLog: OnLog) {
    this.#onLog = onLog;
  }

  /** For the lines of one process: answers true for a line that is not to be shown any more. */
  reader(): (line: string) => boolean {
    let open: Incident | undefined;
    return (line) => {
      const stack = open && stackIn(line);
      if (open !== undefined && stack !== undefined) {
        const { kind } = open;
        if (stack.reference !== undefined) this.#keep(stack.reference, open);
        open = undefined;
        return kind !== "other";
      }
      open = incidentIn(line);
      if (open === undefined || open.kind === "other") return false;
      this.#show(open);
      return true;
    };
  }

  /** Undefined when workerd has written none. */
  async of(reference: string): Promise<Incident | undefined> {
    const known = this.#kept.get(reference);
    if (known !== undefined) return known;
    const { promise, resolve } = Promise.withResolvers<Incident | undefined>();
    this.#waiting.set(reference, resolve);
    const late = setTimeout(resolve, LATE_MS, undefined);
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      this.#waiting.delete(reference);
    }
  }

  #keep(reference: string, incident: Incident): void {
    this.#waiting.get(reference)?.(incident);
    if (this.#kept.size >= KEPT) this.#kept.delete(this.#kept.keys().next().value ?? "");
    this.#kept.set(reference, incident);
  }

  #show({ detail }: Incident): void {
    if (this.#minute === undefined) this.#minute = setTimeout(() => this.#summarise(), MINUTE_MS).unref();
    if (this.#shown.has(detail) || this.#shown.size >= SHOWN) {
      this.#more += 1;
      return;
    }
    this.#shown.add(detail);
    this.#write(`A request of a Worker failed: ${detail}`);
  }

  #summarise(): void {
    if (this.#more > 0) this.#write(`${this.#more} more requests of Workers failed like that within a minute`);
    this.#more = 0;
    this.#shown.clear();
    this.#minute = undefined;
  }

  #write(text: string): void {
    this.#onLog(scriptLine(text, { level: "warn" }));
  }
}
