/** What a thread sends, checked: user code shares the thread, and may have posted it. */
import type { BindingCall } from "../../protocol/calls.ts";
import { checkChunk, decodeFromRuntime, MalformedFrames } from "../../protocol/codec.ts";
import type { FromRuntime } from "../../protocol/frames.ts";
import { eventAnswerOf } from "../../protocol/handlers.ts";
import type { FromThread, RequestEnd, ResponseParts } from "./messages.ts";

/** Frames of runs, or a message that is an object. */
export type Received =
  | { readonly frames: readonly FromRuntime[] }
  | { readonly message: Exclude<FromThread, string | { readonly type: "chunk" }> };

type Fields = Partial<Record<string, unknown>>;

/** @throws MalformedFrames, and nothing else, whatever was posted. */
export function received(posted: unknown): Received {
  if (typeof posted === "string") return { frames: decodeFromRuntime(posted) };
  const fields = (posted ?? {}) as Fields;
  if (fields["type"] === "chunk") return { frames: [checkChunk(posted)] };
  const message = messageOf(fields);
  if (message === undefined) throw new MalformedFrames("A message has a shape that none has");
  return { message };
}

function messageOf(fields: Fields): Extract<Received, { readonly message: unknown }>["message"] | undefined {
  const { type, id, detail } = fields;
  switch (type) {
    case "pong":
    case "loaded":
      return { type };
    case "unloadable":
      return { type, detail: textIn(detail) };
    // Their parts are taken for what they can be where they are used.
    case "said":
      return { ...(fields as object), type } as Extract<FromThread, { type: "said" }>;
    case "invocation":
      return { type, invocation: fields["invocation"] } as Extract<FromThread, { type: "invocation" }>;
    default:
      return typeof id === "number" ? answerOf(id, fields) : undefined;
  }
}

function answerOf(id: number, { type, end, answer, call }: Fields): Extract<FromThread, { readonly id: number }> | undefined {
  switch (type) {
    case "fetched": {
      const known = requestEndOf(end);
      return known && { type, id, end: known };
    }
    case "dispatched": {
      const known = eventAnswerOf(answer);
      return known && { type, id, answer: known };
    }
    case "call": {
      const known = callOf(call);
      return known && { type, id, call: known };
    }
    default:
      return undefined;
  }
}

/** Nothing for what is no text: of an object from user code, that could be anything. */
function textIn(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function callOf(call: unknown): BindingCall | undefined {
  const { to, name, method, args } = (call ?? {}) as Fields;
  if (typeof to !== "string" || typeof name !== "string" || typeof method !== "string" || typeof args !== "string")
    return undefined;
  return { to, name, method, args };
}

function requestEndOf(end: unknown): RequestEnd | undefined {
  const { kind, message, response } = (end ?? {}) as Fields;
  switch (kind) {
    case "no_handler":
      return { kind };
    case "threw":
      return { kind, message: textIn(message) };
    case "answered": {
      const parts = responseOf(response);
      return parts && { kind, response: parts };
    }
    default:
      return undefined;
  }
}

function responseOf(response: unknown): ResponseParts | undefined {
  const { status, statusText, headers, body } = (response ?? {}) as Fields;
  if (typeof status !== "number" || typeof statusText !== "string" || !Array.isArray(headers)) return undefined;
  if (body !== null && !(body instanceof ReadableStream)) return undefined;
  try {
    // It knows which status, and which headers, there may be. Bytes, unlike a text, bring no header of their own.
    const { headers: known } = new Response(body && new Uint8Array(), {
      status,
      statusText,
      headers: headers as [string, string][],
    });
    return { status, statusText, headers: [...known], body };
  } catch {
    return undefined;
  }
}
