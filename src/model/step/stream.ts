/**
 * Streams as step outputs. What a `step.do` callback streams out is cut into chunks, which are stored beside the journal;
 * the event that ends the step carries a reference to them and a preview. The stream of an attempt is known by the event
 * id of its `attempt_started`: that is never given twice in an instance, however often it is restarted.
 */
import { LIMITS } from "../limits.ts";
import type { Encoded } from "../values/value.ts";

/** How much a stream holds. All chunks but the last have `LIMITS.streamChunkBytes` bytes; an empty stream has none. */
export interface StreamSize {
  readonly chunks: number;
  readonly bytes: number;
}

/** What stands in an event in place of a value when the output is a stream. */
export interface StreamOutput {
  readonly stream: StreamSize;
  /** What logs and subscribers are shown. */
  readonly preview: string;
}

/** A step's output as it is recorded: a value as text, or a reference to a stream. */
export type Output = Encoded | StreamOutput;

/** A stream in the store: `id` and the instance find its chunks. */
export interface StoredStream extends StreamSize {
  readonly id: number;
}

/** What stands where more was. */
export const TRUNCATED = "[truncated output]";

/** Bytes that are enough for a preview: no character of UTF-8 is longer than four. */
export const PREVIEW_BYTES: number = 4 * LIMITS.logOutput;

/** How many bytes chunk number `index` has in a stream of this size; 0 for one that the stream has not. */
export function chunkLength({ chunks, bytes }: StreamSize, index: number): number {
  if (index >= chunks) return 0;
  return index < chunks - 1 ? LIMITS.streamChunkBytes : bytes - index * LIMITS.streamChunkBytes;
}

/** The text that logs show for a stream that begins with `head`: all of it, or its first `PREVIEW_BYTES`. */
export function streamPreview(head: Uint8Array, bytes: number): string {
  let text: string;
  try {
    // A character that is cut off at the end of the head is no mistake, unless it is the end of the stream.
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(head, { stream: head.byteLength < bytes });
  } catch {
    return `[ReadableStream (binary): ${bytes} bytes]`;
  }
  if (head.byteLength === bytes && text.length <= LIMITS.logOutput) return text;
  return text.slice(0, LIMITS.logOutput) + TRUNCATED;
}

/** The part of an incoming stream that has arrived so far. */
export interface Intake {
  chunks: number;
  bytes: number;
  /** How many of its chunks are durable. */
  durable: number;
}

/** Why a chunk cannot be the next one of a stream; undefined when it can. */
export function refuseChunk(intake: Intake, index: number, length: number): string | undefined {
  if (index !== intake.chunks) return `chunk ${index} of a stream after ${intake.chunks}`;
  if (length < 1 || length > LIMITS.streamChunkBytes) return `a chunk of ${length} bytes`;
  if (intake.bytes !== intake.chunks * LIMITS.streamChunkBytes) return "a chunk after a partial chunk";
  return intake.chunks - intake.durable >= LIMITS.streamWindow ? "more chunks than the window allows" : undefined;
}
