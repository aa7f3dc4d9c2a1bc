/** What the load has seen done, in order and outside the server: a file that the Worker's lines end up in, and what it proves. */
import { once } from "node:events";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What the suite itself knows of an instance that it has created: the payloads of events that were acknowledged, in order. */
export type Sent = ReadonlyMap<string, readonly number[]>;

export interface Output {
  readonly tokens: string;
  readonly events: readonly number[];
}

/** What a load has left, held against what was acknowledged. The lists name the first few. */
export interface Verdict {
  readonly lost: string[];
  readonly doubled: string[];
  /** Acknowledged operations that were found as they should be. */
  readonly operations: number;
}

export interface Kept {
  readonly kind: string;
  readonly id: string;
  readonly token: string;
}

export class Ledger {
  readonly file: string;
  readonly #server: Server;

  private constructor(file: string) {
    this.file = file;
    this.#server = createServer((request, response) => {
      let text = "";
      request.setEncoding("utf8");
      request.on("data", (chunk: string) => (text += chunk));
      request.once("end", () => {
        appendFileSync(file, `${text}\n`);
        response.end();
      });
    });
  }

  static async open(file: string): Promise<Ledger> {
    const ledger = new Ledger(file);
    ledger.#server.listen(0, "127.0.0.1");
    await once(ledger.#server, "listening");
    return ledger;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  lines(): string[] {
    return existsSync(this.file) ? readFileSync(this.file, "utf8").split("\n").slice(0, -1) : [];
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Messages that were sent and have not been delivered. */
export function undelivered(lines: readonly string[]): string[] {
  const delivered = new Set(lines.filter((line) => line.startsWith("delivered ")).map((line) => line.slice(10)));
  return lines.filter((line) => line.startsWith("sent ") && !delivered.has(line.slice(5))).map((line) => line.slice(5));
}

/** What bindings have acknowledged to keep: of each key the last. */
export function keptIn(lines: readonly string[]): Kept[] {
  const last = new Map<string, Kept>();
  for (const line of lines) {
    const [type, kind = "", id = "", token = ""] = line.split(" ");
    if (type === "kept") last.set(`${kind} ${id}`, { kind, id, token });
  }
  return [...last.values()];
}

/**
 * Holds what instances have returned against the ledger. A step begins when the one before it is durable: a line of an earlier step
 * after a line of a later one is a step that ran again, and the result of a step is that of its last attempt.
 */
export function judge(lines: readonly string[], outputs: ReadonlyMap<string, unknown>, sent: Sent): Verdict {
  const last = new Map<string, string[]>();
  const verdict = { lost: [] as string[], doubled: [] as string[], operations: 0 };
  for (const line of lines) {
    const [type, id = "", at = "", token = ""] = line.split(" ");
    if (type !== "step") continue;
    const tokens = last.get(id) ?? [];
    last.set(id, tokens);
    const step = Number(at);
    if (step < tokens.length - 1) verdict.doubled.push(`step ${step} of ${id} ran again after step ${tokens.length - 1}`);
    if (step > tokens.length) verdict.lost.push(`step ${tokens.length} of ${id} never ran`);
    tokens[step] = token;
  }
  for (const [id, acknowledged] of sent) {
    const output = outputs.get(id) as Output | undefined;
    if (output === undefined) {
      verdict.lost.push(`instance ${id} has not completed`);
      continue;
    }
    const tokens = last.get(id) ?? [];
    if (output.tokens === tokens.join(" ")) verdict.operations += 1 + tokens.length;
    else verdict.lost.push(`instance ${id} has other results than its steps: ${output.tokens} instead of ${tokens.join(" ")}`);
    const [one = 0, two = 0] = output.events;
    if (one >= two) verdict.doubled.push(`instance ${id} got event ${two} after ${one}`);
    const missed = acknowledged.filter((payload) => payload < two && payload !== one);
    if (missed.length > 0) verdict.lost.push(`instance ${id} never got event ${missed.join(", ")}`);
    verdict.operations += acknowledged.filter((payload) => payload === one || payload === two).length;
  }
  for (const id of last.keys()) if (!sent.has(id)) verdict.doubled.push(`instance ${id} ran without having been created`);
  const waiting = undelivered(lines);
  for (const token of waiting) verdict.lost.push(`message ${token} was never delivered`);
  verdict.operations += lines.filter((line) => line.startsWith("sent ")).length - waiting.length;
  return verdict;
}
