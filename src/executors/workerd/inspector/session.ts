/**
 * One debugger, and all isolates of one Worker: those of requests and instances, those of calls from other Workers, and those that
 * come with the next deployment. What the debugger has asked for, breakpoints above all, holds in each of them.
 */
import type { WebSocket } from "ws";
import { Attached } from "./attached.ts";
import { isObject, type Answered, type Command, type Fields, type Notice } from "./messages.ts";
import type { InspectedIsolate, InspectorTargets } from "./targets.ts";

/** How long the first command waits for the isolates that there are, in milliseconds. */
const ATTACH_MS = 2_000;

/** Commands that hold from then on, for every isolate. */
const LASTING = /\.(?:enable|set\w+|addBinding)$/;
/** Further ones that are for every isolate. */
const FOR_ALL = /\.(?:disable|removeBreakpoint|removeBinding|pause|releaseObjectGroup|runIfWaitingForDebugger)$/;

const BREAKPOINT = "Debugger.setBreakpointByUrl";

export class Session {
  readonly #socket: WebSocket;
  readonly #unfollow: () => void;
  readonly #attached: Attached[] = [];
  /** Lasting commands, by what replaces them. */
  readonly #lasting: Map<string, Command> = new Map();
  /** Isolates that stand still: the debugger is shown the first, and the next once that goes on. */
  readonly #paused: { readonly at: Attached; readonly notice: Notice }[] = [];
  #last = 0;

  constructor(socket: WebSocket, targets: InspectorTargets, script: string) {
    this.#socket = socket;
    this.#unfollow = targets.follow(script, (isolate) => this.#attach(isolate, targets.folderOf(script)));
    const ready = Promise.race([Promise.all(this.#attached.map(({ opened }) => opened)), waited(ATTACH_MS)]);
    let before: Promise<unknown> = ready;
    socket.on("message", (data: Buffer) => {
      const command = parsed(data);
      if (command !== undefined) before = before.then(() => this.#command(command));
    });
    socket.on("error", () => socket.terminate());
    socket.once("close", () => void this.#close());
  }

  async #attach(isolate: InspectedIsolate, folder: string | undefined): Promise<void> {
    const attached: Attached = new Attached({
      isolate,
      folder,
      key: String((this.#last += 1)),
      onNotice: (notice) => this.#notice(attached, notice),
      onEnd: () => this.#ended(attached),
    });
    this.#attached.push(attached);
    await attached.opened;
    await this.#prepare(attached);
  }

  /** Brings an isolate to where the others are. */
  async #prepare(attached: Attached): Promise<void> {
    for (const { method, params } of this.#lasting.values()) {
      const { result } = await attached.ask(method, params);
      if (method === BREAKPOINT && result !== undefined) this.#resolved(result);
    }
  }

  #resolved({ breakpointId, locations }: Fields): void {
    if (!Array.isArray(locations)) return;
    for (const location of locations as unknown[])
      this.#say({ method: "Debugger.breakpointResolved", params: { breakpointId, location } });
  }

  async #command(command: Command): Promise<void> {
    const { id, method, params = {} } = command;
    this.#remember(command);
    const open = this.#attached.filter(({ isOpen }) => isOpen);
    const owner = open.find((each) => each.owns(params));
    const asked = owner ?? this.#paused[0]?.at ?? open.at(-1);
    if (owner === undefined && (LASTING.test(method) || FOR_ALL.test(method)))
      for (const each of open) if (each !== asked) void each.ask(method, params).then(({ result }) => this.#late(method, result));
    const answered = asked?.ask(method, params) ?? Promise.resolve({ id, result: resultOf(command) });
    // Later commands do not wait: an isolate that stands still answers some of them late.
    void answered.then((answer) => this.#answer(command, answer));
  }

  #late(method: string, result: Fields | undefined): void {
    if (method === BREAKPOINT && result !== undefined) this.#resolved(result);
  }

  #answer({ id }: Command, { result, error }: Answered): void {
    this.#say(error === undefined ? { id, result: result ?? {} } : { id, error });
  }

  #remember(command: Command): void {
    const { method, params = {} } = command;
    const [domain = ""] = method.split(".");
    if (method.endsWith(".disable")) {
      for (const [key, { method: lasting }] of this.#lasting) if (lasting.startsWith(`${domain}.`)) this.#lasting.delete(key);
    } else if (method === "Debugger.removeBreakpoint") this.#lasting.delete(String(params["breakpointId"]));
    else if (method === BREAKPOINT) this.#lasting.set(breakpointId(params), command);
    // What names a script or a frame is about one isolate.
    else if (LASTING.test(method) && !("scriptId" in params || "callFrameId" in params || "location" in params))
      this.#lasting.set(method, command);
  }

  #notice(from: Attached, notice: Notice): void {
    if (notice.method === "Debugger.paused") {
      this.#paused.push({ at: from, notice });
      if (this.#paused[0]?.at === from) this.#say(notice);
      return;
    }
    if (notice.method === "Debugger.resumed") return this.#resumed(from);
    this.#say(notice);
  }

  #resumed(from: Attached): void {
    const shown = this.#paused[0]?.at;
    const rest = this.#paused.filter(({ at }) => at !== from);
    this.#paused.splice(0, Infinity, ...rest);
    if (shown !== from) return;
    this.#say({ method: "Debugger.resumed", params: {} });
    this.#next();
  }

  #next(): void {
    const [next] = this.#paused;
    if (next !== undefined) this.#say(next.notice);
  }

  #ended(attached: Attached): void {
    const index = this.#attached.indexOf(attached);
    if (index >= 0) this.#attached.splice(index, 1);
    if (this.#paused.some(({ at }) => at === attached)) this.#resumed(attached);
    for (const executionContextId of attached.contexts)
      this.#say({ method: "Runtime.executionContextDestroyed", params: { executionContextId } });
  }

  #say(message: Answered | Notice): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  async #close(): Promise<void> {
    this.#unfollow();
    await Promise.all(this.#attached.map((each) => each.detach()));
  }
}

/** What is answered while there is no isolate. */
function resultOf({ method, params = {} }: Command): Fields {
  if (method === BREAKPOINT) return { breakpointId: breakpointId(params), locations: [] };
  return method === "Debugger.enable" ? { debuggerId: "0" } : {};
}

/** As V8 makes them of a place: the same in every isolate. */
function breakpointId({ url, urlRegex, scriptHash, lineNumber, columnNumber = 0 }: Fields): string {
  const [type, place] = url !== undefined ? [1, url] : urlRegex !== undefined ? [2, urlRegex] : [3, scriptHash];
  return `${type}:${String(lineNumber)}:${String(columnNumber)}:${String(place)}`;
}

/** Undefined for what is no command. */
function parsed(data: Buffer): Command | undefined {
  try {
    const message: unknown = JSON.parse(data.toString());
    return isObject(message) && typeof message["id"] === "number" && typeof message["method"] === "string"
      ? (message as unknown as Command)
      : undefined;
  } catch {
    return undefined;
  }
}

function waited(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
