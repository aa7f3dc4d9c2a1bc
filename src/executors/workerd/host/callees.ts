/**
 * Hosts for calls from one script to another, which have to be in the caller's process. They are opened at the first call and
 * stay while their version is the active one; one that has been replaced is closed when calls under way have had their time.
 */
import { Failure } from "../../../model/failures/failure.ts";
import type { Callee, FindCallee } from "../../../ports/executor.ts";
import type { AnswerFor, Question } from "../messages.ts";
import type { WorkerdHost } from "./host.ts";
import type { WorkerdProcess } from "../process/process.ts";

/** How long a replaced version goes on for its current callers, in milliseconds. */
const GRACE_MS = 60_000;

const START = "Deploy it, or with stepwell dev start both in one session: -c wrangler.jsonc -c ../other/wrangler.jsonc";

/** Opens a host beside those that a process has. */
export type OpenBeside = (process: WorkerdProcess, callee: Callee) => Promise<WorkerdHost>;

/** What is asked about scripts that are called. */
export type CalleeQuestion = Exclude<Question, { ask: "gone" }>;

interface Opened {
  readonly versionId: string;
  readonly host: Promise<WorkerdHost>;
}

export class Callees {
  readonly #find: FindCallee;
  readonly #open: OpenBeside;
  /** The newest of each script, in each process. */
  readonly #opened: Map<WorkerdProcess, Map<string, Opened>> = new Map();
  readonly #closing: Set<NodeJS.Timeout> = new Set();

  constructor(find: FindCallee, open: OpenBeside) {
    this.#find = find;
    this.#open = open;
  }

  /** Says which isolate of a process is for a call. Rejects with a `Failure`: `script.not_found`, `script.invalid`. */
  async answer(process: WorkerdProcess, question: CalleeQuestion): Promise<AnswerFor<CalleeQuestion>> {
    const callee = await this.#callee(question.script);
    const { id: host } = await this.#hostOf(process, callee);
    switch (question.ask) {
      case "callee":
        return { host };
      case "object": {
        const namespace = callee.objects[question.className];
        if (namespace !== undefined) return { host, namespace };
        throw noClass(question.script, question.className);
      }
      case "class": {
        const found = Object.entries(callee.objects).find(([, namespace]) => namespace === question.namespace);
        if (found !== undefined) return { host, className: found[0] };
        throw noClass(question.script, "that it had");
      }
    }
  }

  async #callee(script: string): Promise<Callee> {
    const callee = await this.#find(script);
    if (callee === undefined) throw new Failure("script.not_found", { detail: `Worker "${script}" not found. ${START}` });
    return callee;
  }

  async #hostOf(process: WorkerdProcess, callee: Callee): Promise<WorkerdHost> {
    const { script } = callee.version;
    const opened = this.#in(process);
    const present = opened.get(script);
    if (present?.versionId === callee.version.id) return present.host;
    const host = this.#open(process, callee);
    const next = { versionId: callee.version.id, host };
    opened.set(script, next);
    const forget = (): void => {
      if (opened.get(script) === next) opened.delete(script);
    };
    host.then(({ ended }) => ended.then(forget), forget);
    if (present !== undefined) this.#closeLater(present);
    return host;
  }

  close(): void {
    for (const timer of this.#closing) clearTimeout(timer);
  }

  #in(process: WorkerdProcess): Map<string, Opened> {
    let opened = this.#opened.get(process);
    if (opened === undefined) {
      opened = new Map();
      this.#opened.set(process, opened);
      void process.ended.then(() => this.#opened.delete(process));
    }
    return opened;
  }

  #closeLater({ host }: Opened): void {
    const timer = setTimeout(() => {
      this.#closing.delete(timer);
      host.then((opened) => opened.close()).catch(() => undefined);
    }, GRACE_MS);
    timer.unref();
    this.#closing.add(timer);
  }
}

function noClass(script: string, className: string): Failure {
  return new Failure("objects.not_a_class", {
    detail: `The Worker "${script}" has no Durable Object class ${className}`,
  });
}
