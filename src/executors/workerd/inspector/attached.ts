/** A debugger's connection to one isolate. Ids that are unique in the isolate only are made unique in the session. */
import { WebSocket } from "ws";
import { isObject, renamed, unmarked, type Answered, type Command, type Fields, type Notice } from "./messages.ts";
import { sourceMapAddress } from "./source-map.ts";
import type { InspectedIsolate } from "./targets.ts";

/** Texts that name something in one isolate. Objects and frames begin with a number that is the isolate's own. */
const OF_ISOLATE = new Set(["scriptId", "objectId", "callFrameId"]);

/** How long the end of a session waits for the isolate, in milliseconds. */
const DETACH_MS = 1_000;

export interface AttachedParts {
  readonly isolate: InspectedIsolate;
  /** Of the project. */
  readonly folder: string | undefined;
  /** Different for each isolate of a session. */
  readonly key: string;
  readonly onNotice: (notice: Notice) => void;
  readonly onEnd: () => void;
}

export class Attached {
  readonly key: string;
  readonly opened: Promise<void>;
  /** Those that the debugger knows. */
  readonly contexts: Set<number> = new Set();
  readonly #parts: AttachedParts;
  readonly #socket: WebSocket;
  readonly #watch: () => void;
  readonly #waiting: Map<number, (answered: Answered) => void> = new Map();
  #last = 0;

  constructor(parts: AttachedParts) {
    this.#parts = parts;
    this.key = parts.key;
    // From the first moment on: a breakpoint may be met before the answer that says that it is set.
    this.#watch = parts.isolate.suspendWatch();
    this.#socket = new WebSocket(parts.isolate.url, { perMessageDeflate: false });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.opened = promise;
    this.#socket.once("open", resolve);
    this.#socket.on("message", (data: Buffer) => this.#receive(JSON.parse(data.toString()) as Answered | Notice));
    this.#socket.on("error", () => this.#socket.terminate());
    this.#socket.once("close", () => {
      resolve();
      this.#watch();
      for (const answer of this.#waiting.values()) answer({ id: 0, error: { code: -32_000, message: "The isolate has ended" } });
      this.#waiting.clear();
      parts.onEnd();
    });
    void parts.isolate.ended.then(() => this.#socket.terminate());
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Whether something that a command names is in this isolate. */
  owns(params: Fields): boolean {
    const { contextId, executionContextId } = params;
    for (const id of [contextId, executionContextId]) if (typeof id === "number" && this.contexts.has(id)) return true;
    let isHere = false;
    renamed(params, OF_ISOLATE, (id) => {
      isHere ||= id.startsWith(`${this.key}:`);
      return id;
    });
    return isHere;
  }

  /** Rejects never: an isolate that ends answers with an error. */
  ask(method: string, params: Fields = {}): Promise<Answered> {
    const { promise, resolve } = Promise.withResolvers<Answered>();
    const id = (this.#last += 1);
    if (!this.isOpen) return Promise.resolve({ id, error: { code: -32_000, message: "The isolate has ended" } });
    this.#waiting.set(id, resolve);
    const prefix = `${this.key}:`;
    const inner = renamed(params, OF_ISOLATE, (text) => (text.startsWith(prefix) ? text.slice(prefix.length) : text));
    this.#socket.send(JSON.stringify({ id, method, params: inner } satisfies Omit<Command, "params"> & { params: unknown }));
    return promise;
  }

  /** Ends it, with the isolate going on: one that is left stopped would stay so. */
  async detach(): Promise<void> {
    if (this.isOpen) {
      const timer = setTimeout(() => this.#socket.terminate(), DETACH_MS);
      await Promise.all([this.ask("Debugger.disable"), this.ask("Debugger.resume")]);
      clearTimeout(timer);
    }
    this.#socket.close();
  }

  #receive(message: Answered | Notice): void {
    const outer = renamed(message, OF_ISOLATE, (text) => `${this.key}:${text}`) as Answered | Notice;
    if (!("method" in outer)) {
      const answer = this.#waiting.get(outer.id);
      this.#waiting.delete(outer.id);
      answer?.(outer);
      return;
    }
    this.#parts.onNotice({ method: outer.method, params: this.#shown(outer) });
  }

  #shown({ method, params }: Notice): Fields {
    switch (method) {
      case "Runtime.executionContextCreated": {
        const { context } = params;
        if (isObject(context) && typeof context["id"] === "number") this.contexts.add(context["id"]);
        return params;
      }
      case "Runtime.consoleAPICalled":
        return unmarked(params);
      case "Debugger.scriptParsed": {
        const sourceMapURL = sourceMapAddress(String(params["url"]), this.#parts.isolate, this.#parts.folder);
        return sourceMapURL === undefined ? params : { ...params, sourceMapURL };
      }
      default:
        return params;
    }
  }
}
