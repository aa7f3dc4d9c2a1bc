/**
 * What a script was called for, in the words of Cloudflare's tails, and how that ended. Isolates say so of their scripts, and
 * they can say anything.
 */
import { redactedHeaders, redactedUrl } from "../model/views/redact.ts";

/** A request, without what could be a secret. */
export interface RequestEvent {
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly cf?: unknown;
  };
  /** Absent until there is one. */
  readonly response?: { readonly status: number };
}

/** What a script was called for. */
export type InvocationEvent =
  | RequestEvent
  | { readonly cron: string; readonly scheduledTime: number }
  | { readonly queue: string; readonly batchSize: number }
  /** An alarm of a Durable Object, with the time in words. */
  | { readonly scheduledTime: string }
  /** A WebSocket that a Durable Object has handed over. */
  | { readonly getWebSocketEvent: { readonly webSocketEventType: "message" | "close" | "error" } }
  | { readonly rpcMethod: string; readonly workflow?: string; readonly instance?: string };

const OUTCOMES = ["ok", "exception", "canceled", "unknown"] as const;

/** How an invocation ended. `unknown`: its isolate has gone. */
export type InvocationOutcome = (typeof OUTCOMES)[number];

/** An invocation of a script. */
export interface Invocation {
  /** That of its origin. */
  readonly id: string;
  readonly event: InvocationEvent;
  /** The class that was called; absent for the default export. */
  readonly entrypoint?: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Absent while it goes on. */
  readonly outcome?: InvocationOutcome;
}

/** A request as the event of an invocation. */
export function requestEvent(request: Pick<Request, "method" | "url" | "headers"> & { readonly cf?: unknown }): RequestEvent {
  const { method, url, headers, cf } = request;
  const hasCf = typeof cf === "object" && cf !== null && Object.keys(cf).length > 0;
  return { request: { method, url: redactedUrl(url), headers: redactedHeaders(headers), ...(hasCf && { cf }) } };
}

/** An invocation that came from an isolate; undefined when it is none. */
export function invocationOf(value: unknown): Invocation | undefined {
  if (!isRecord(value)) return undefined;
  const { id, event, entrypoint, startedAt, outcome } = value;
  if (typeof id !== "string" || typeof startedAt !== "number" || !isRecord(event)) return undefined;
  if ("request" in event && !isRequest(event["request"])) return undefined;
  const known = OUTCOMES.find((each) => each === outcome);
  return {
    id,
    event: event as unknown as InvocationEvent,
    startedAt,
    ...(typeof entrypoint === "string" && { entrypoint }),
    ...(known && { outcome: known }),
  };
}

function isRequest(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { method, url, headers } = value;
  if (typeof method !== "string" || typeof url !== "string" || !isRecord(headers)) return false;
  return Object.values(headers).every((each) => typeof each === "string");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
