/** What an isolate sends over its socket, checked: user code shares the isolate, and may have sent it. */
import type { BindingCall } from "../../../protocol/calls.ts";
import { chunkFromBytes, decodeFromRuntime, MalformedFrames } from "../../../protocol/codec.ts";
import type { FromRuntime } from "../../../protocol/frames.ts";
import type { Contexts, FromIsolate } from "../messages.ts";

/** Frames of runs, or a message. */
export type Received = { readonly frames: readonly FromRuntime[] } | { readonly message: FromIsolate };

/** @throws MalformedFrames, and nothing else, whatever was sent. */
export function received(data: Buffer, isBinary: boolean): Received {
  if (isBinary) return { frames: [chunkFromBytes(data)] };
  const text = data.toString();
  return text.startsWith("[") ? { frames: decodeFromRuntime(text) } : { message: toMessage(text) };
}

function toMessage(text: string): FromIsolate {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch (cause) {
    throw new MalformedFrames("A message is not JSON", { cause });
  }
  // `null` is JSON, too.
  const { type, id, call, reference, contexts } = (message ?? {}) as Partial<Record<"type" | "id" | "reference", unknown>> & {
    call?: Partial<BindingCall> | null;
    contexts?: Partial<Contexts> | null;
  };
  if (type === "lost") return { type };
  if (type === "beat") return { type, contexts: { open: count(contexts?.open), begun: count(contexts?.begun) } };
  if (type === "why" && typeof reference === "string") return { type, reference };
  const { to, name, method, args } = call ?? {};
  // Whether there is such a binding is asked where calls are answered.
  const isBound = typeof to === "string" && typeof name === "string";
  const isCall = isBound && typeof method === "string" && typeof args === "string";
  if (type !== "call" || typeof id !== "number" || !isCall) throw new MalformedFrames("A message has a shape that none has");
  return { type, id, call: { to, name, method, args } };
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) ? Math.max(0, value as number) : 0;
}
