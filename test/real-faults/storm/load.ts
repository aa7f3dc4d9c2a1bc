/** Creates instances and sends them events as fast as they end, whatever becomes of the server, and keeps what was acknowledged. */
import type { Database } from "../../endurance/database.ts";
import type { Answer, Mortal } from "./mortal.ts";

const CLIENTS = 16;
const AT_ONCE = 120;
const LOOK_MS = 100;
const AGAIN_MS = 50;

export class Load {
  /** Payloads of acknowledged events, by the ids of instances that were created. */
  readonly sent: Map<string, number[]> = new Map();
  /** Answers that say something else than that a request was accepted, or why it cannot be. */
  readonly strange: string[] = [];
  refused = 0;
  readonly #server: Mortal;
  readonly #database: Database;
  readonly #steps: number;
  #isStopped = false;
  #begun = 0;
  #payload = 0;
  #ended = 0;

  constructor(server: Mortal, database: Database, steps: number) {
    this.#server = server;
    this.#database = database;
    this.#steps = steps;
  }

  /** Resolves once it has been stopped and every instance has got what it waits for. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: CLIENTS }, () => this.#client()));
  }

  stop(): void {
    this.#isStopped = true;
  }

  counts(): Readonly<Record<string, number>> {
    try {
      return this.#database.counts("row");
    } catch {
      // It is being recovered, or was removed and made anew.
      this.#database.close();
      return {};
    }
  }

  completed(): number {
    return this.counts()["complete"] ?? 0;
  }

  unfinished(): number {
    const counts = Object.entries(this.counts());
    const ended = counts.reduce(
      (sum, [status, n]) => (["complete", "errored", "terminated"].includes(status) ? sum + n : sum),
      0,
    );
    return this.sent.size - ended;
  }

  async #client(): Promise<void> {
    while (!this.#isStopped) {
      if (this.#begun - this.#ended > AT_ONCE) {
        await pause(LOOK_MS);
        this.#ended = Math.max(this.#ended, this.completed());
        continue;
      }
      this.#begun += 1;
      await this.#one(String(this.#begun));
    }
  }

  async #one(id: string): Promise<void> {
    await this.#until(() => this.#server.send("POST", ACCOUNT, { instance_id: id, params: { steps: this.#steps } }));
    const acknowledged: number[] = [];
    this.sent.set(id, acknowledged);
    while (acknowledged.length < 2) {
      // One without an answer may have been stored all the same: another one, with another payload, is sent in its place.
      const payload = (this.#payload += 1);
      const answer = await this.#ask(() => this.#server.send("POST", `${ACCOUNT}/${id}/events/news`, payload));
      if (answer?.status === 200) acknowledged.push(payload);
      else if (answer?.status === 409) return;
      else await pause(AGAIN_MS);
    }
  }

  /** Asks until it is accepted, or was before: then it is refused as a duplicate. */
  async #until(ask: () => Promise<Answer>): Promise<void> {
    for (;;) {
      const answer = await this.#ask(ask);
      if (answer?.status === 200 || answer?.text.includes(DUPLICATE) === true) return;
      await pause(AGAIN_MS);
    }
  }

  /** Undefined when there was no answer. */
  async #ask(ask: () => Promise<Answer>): Promise<Answer | undefined> {
    const answer = await ask().catch(() => undefined);
    // A create whose answer was lost is refused as a duplicate the next time.
    if (answer?.status === 200 || answer?.text.includes(DUPLICATE) === true) return answer;
    this.refused += 1;
    // A refusal has a code of the catalogue, and says when to come again.
    if (answer !== undefined && ![409, 429, 503].includes(answer.status))
      this.strange.push(`HTTP ${answer.status} ${answer.text.slice(0, 200)}\n${this.#server.printed()}`);
    return answer;
  }
}

const DUPLICATE = '"code":10405';
const ACCOUNT = "/client/v4/accounts/local/workflows/row/instances";

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
