/** What a tail shows of a message, in Cloudflare's words for an invocation, and which of them a client wants. */
import { scriptOf, type ScriptLine } from "../ports/script-log.ts";

/** What is left out unless it is so. What is absent leaves nothing out. */
export interface TailFilter {
  /** Contained in the text. */
  readonly query?: string | undefined;
  readonly outcome?: readonly string[] | undefined;
  /** The id of a script version. */
  readonly scriptVersion?: string | undefined;
  /** The share of messages that is shown, from 0 to 1. */
  readonly sampling_rate?: number | undefined;
}

/** What filters look at. */
type Filtered = Pick<ScriptLine, "kind" | "text" | "version">;

function outcomeOf({ kind }: Filtered): string {
  return kind === "exception" ? "exception" : "ok";
}

/** True when a message passes every filter. `chance` is from 0 to 1. */
export function isShown(line: Filtered, filters: readonly TailFilter[], chance: () => number): boolean {
  return filters.every(
    ({ query, outcome, scriptVersion, sampling_rate: rate }) =>
      (query === undefined || line.text.includes(query)) &&
      (outcome === undefined || outcome.includes(outcomeOf(line))) &&
      (scriptVersion === undefined || line.version?.id === scriptVersion) &&
      (rate === undefined || chance() < rate),
  );
}

/**
 * Each message is an event of its own. To Cloudflare's clients an instance that runs is a call of a method of its class; they
 * show the name before the dot, which says more here.
 */
export function tailEvent(line: ScriptLine): object {
  const { time, level, text, values = [text], origin, version } = line;
  const isException = line.kind === "exception";
  const ofInstance = origin !== undefined && "instance" in origin ? origin : undefined;
  return {
    scriptName: scriptOf(line),
    ...(version && { scriptVersion: { id: version.id } }),
    ...(ofInstance && { entrypoint: `${ofInstance.workflow}/${ofInstance.instance}` }),
    event: ofInstance === undefined ? null : { rpcMethod: "run", ...ofInstance },
    eventTimestamp: time,
    outcome: outcomeOf(line),
    logs: isException ? [] : [{ level, message: values, timestamp: time }],
    exceptions: isException ? [{ ...exceptionIn(text), timestamp: time }] : [],
  };
}

/** A request that a Worker has answered, or thrown at. */
export interface TailedRequest {
  readonly script: string;
  readonly method: string;
  readonly url: string;
  /** Absent when it threw. */
  readonly status?: number;
  /** Epoch milliseconds. */
  readonly time: number;
}

/** What of a request filters look at. */
export function filteredRequest({ method, url, status }: TailedRequest): Filtered {
  return { kind: status === undefined ? "exception" : "console", text: `${method} ${url}` };
}

/** A request is an event without messages: what its handler writes are events of their own. */
export function requestEvent(asked: TailedRequest): object {
  const { script, method, url, status, time } = asked;
  return {
    scriptName: script,
    event: { request: { method, url, headers: {} }, ...(status !== undefined && { response: { status } }) },
    eventTimestamp: time,
    outcome: outcomeOf(filteredRequest(asked)),
    logs: [],
    exceptions: [],
  };
}

/** A stack in its parts: clients put the first line of it together themselves. */
function exceptionIn(text: string): { readonly name: string; readonly message: string; readonly stack: string } {
  const at = text.search(/\n\s+at /);
  const [head, stack] = at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  const [, name = "Error", message = head] = /^([A-Za-z_$][\w$]*): (.*)$/s.exec(head) ?? [];
  return { name, message, stack };
}

/** In place of so many messages, for which a client was too slow. */
export function laggedEvent(script: string, missed: number, now: number): object {
  const event = { type: "overload", message: `${missed} lines came too quickly, and are left out` };
  return { scriptName: script, event, eventTimestamp: now, outcome: "ok", logs: [], exceptions: [] };
}
