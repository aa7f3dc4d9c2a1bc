/** What a tail shows of an invocation, in Cloudflare's words, and which of them a client wants. */
import { z } from "zod";
import type { ScriptInvocation, ScriptLine } from "../../ports/script-log.ts";
import { scriptOf } from "../../model/views/script-line.ts";
import type { InvocationEvent } from "../../protocol/invocation.ts";
import type { Origin } from "../../protocol/origin.ts";
import type { InvocationReport } from "./invocations.ts";

const filter = z.strictObject(
  {
    /** Contained in what was logged or thrown. */
    query: z.string().optional(),
    outcome: z.array(z.string()).optional(),
    /** The id of a script version. */
    scriptVersion: z.string().optional(),
    /** The share of invocations that is shown. */
    sampling_rate: z.number().min(0).max(1).optional(),
    /** Of requests. */
    method: z.array(z.string()).optional(),
    /** That a request has, and what is contained in its value. */
    header: z.strictObject({ key: z.string(), query: z.string().optional() }).optional(),
    /** Addresses that requests come from. */
    client_ip: z.array(z.string()).optional(),
  },
  "A filter is one of query, outcome, scriptVersion, sampling_rate, method, header and client_ip",
);

/** What is left out unless it is so. What is absent leaves nothing out. */
export type TailFilter = z.output<typeof filter>;

/** As a client sends it. */
export const tailFilter: z.ZodType<TailFilter> = filter;

/** An exception in its parts. */
interface TailException {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly timestamp: number;
}

/** What a client is sent. */
export interface TailEvent {
  readonly scriptName: string;
  readonly scriptVersion?: { readonly id: string };
  readonly entrypoint?: string;
  readonly event: InvocationEvent | { readonly type: string; readonly message: string } | null;
  readonly eventTimestamp: number;
  readonly outcome: string;
  readonly logs: readonly { readonly level: string; readonly message: readonly unknown[]; readonly timestamp: number }[];
  readonly exceptions: readonly TailException[];
  /** Milliseconds from its beginning to its end, or to this part of it. */
  readonly wallTime?: number;
}

/** An invocation and its messages. */
export function tailEvent({ invocation, lines }: InvocationReport): TailEvent {
  const [first] = lines;
  const version = invocation?.version ?? first?.version;
  const run = runOf(invocation?.origin ?? first?.origin);
  const entrypoint = run === undefined ? invocation?.entrypoint : `${run.workflow}/${run.instance}`;
  const startedAt = invocation?.startedAt ?? first?.time ?? 0;
  const endedAt = invocation?.outcome === undefined ? lines.at(-1)?.time : invocation.time;
  const thrown = lines.filter(({ kind }) => kind === "exception");
  return {
    scriptName: scriptOf(version === undefined ? {} : { version }),
    ...(version && { scriptVersion: { id: version.id } }),
    ...(entrypoint !== undefined && { entrypoint }),
    event: invocation?.event ?? run ?? null,
    eventTimestamp: startedAt,
    outcome: outcomeOf(invocation, thrown.length > 0),
    logs: lines.filter(({ kind }) => kind === "console").map(logged),
    exceptions: thrown.map(({ text, time }) => ({ ...exceptionIn(text), timestamp: time })),
    ...(invocation && endedAt !== undefined && { wallTime: Math.max(0, endedAt - startedAt) }),
  };
}

/**
 * To Cloudflare's clients an instance that runs is a call of a method of its class; they show the name before the dot, which is
 * that of the instance here.
 */
function runOf(origin: Origin | undefined): { rpcMethod: string; workflow: string; instance: string } | undefined {
  if (origin === undefined || "request" in origin) return undefined;
  const { workflow, instance } = origin;
  return { rpcMethod: "run", workflow, instance };
}

/** An invocation that has thrown is an exception, even if the error was handled. */
function outcomeOf(invocation: ScriptInvocation | undefined, hasThrown: boolean): string {
  const { outcome = "ok" } = invocation ?? {};
  return outcome === "ok" && hasThrown ? "exception" : outcome;
}

function logged({ level, text, values = [text], time }: ScriptLine): TailEvent["logs"][number] {
  return { level, message: values, timestamp: time };
}

/** A stack in its parts: clients put the first line of it together themselves. */
function exceptionIn(text: string): Pick<TailException, "name" | "message" | "stack"> {
  const at = text.search(/\n[ \t]+at /);
  const [head, stack] = at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  const [, name = "Error", message = head] = /^([A-Za-z_$][\w$]*): (.*)$/s.exec(head) ?? [];
  return { name, message, stack };
}

/** In place of so many events, for which a client was too slow. */
export function laggedEvent(script: string, missed: number, now: number): TailEvent {
  const event = { type: "overload", message: `${missed} events arrived too fast and were dropped` };
  return { scriptName: script, event, eventTimestamp: now, outcome: "ok", logs: [], exceptions: [] };
}

/** True when an invocation passes every filter. `chance` is from 0 to 1. */
export function isShown(
  report: InvocationReport,
  event: TailEvent,
  filters: readonly TailFilter[],
  chance: () => number,
): boolean {
  return filters.every(
    ({ query, outcome, scriptVersion, sampling_rate: rate, ...ofRequest }) =>
      (query === undefined || report.lines.some(({ text }) => text.includes(query))) &&
      (outcome === undefined || outcome.includes(event.outcome)) &&
      (scriptVersion === undefined || event.scriptVersion?.id === scriptVersion) &&
      (rate === undefined || chance() < rate) &&
      isAskedBy(event, ofRequest),
  );
}

/** True when no filter is about requests, or it is one that passes them. */
function isAskedBy({ event }: TailEvent, filter: Pick<TailFilter, "method" | "header" | "client_ip">): boolean {
  const { method: methods, header, client_ip: addresses } = filter;
  if (methods === undefined && header === undefined && addresses === undefined) return true;
  if (event === null || !("request" in event)) return false;
  const { method, headers } = event.request;
  const key = header?.key.toLowerCase() ?? "";
  const value = Object.hasOwn(headers, key) ? headers[key] : undefined;
  return (
    (methods === undefined || methods.some((each) => each.toUpperCase() === method.toUpperCase())) &&
    (header === undefined || (value !== undefined && value.includes(header.query ?? ""))) &&
    (addresses === undefined || addresses.includes(headers[CLIENT_ADDRESS] ?? ""))
  );
}

/** The header with the client's address for Workers. */
const CLIENT_ADDRESS = "cf-connecting-ip";
