/**
 * A stream that a step's callback has returned: read to its end, cut into chunks of one size, and handed to the engine as
 * fast as that makes them durable. Whatever is wrong with the stream fails the step for good — it would be wrong again.
 */
import { LIMITS } from "../../model/limits.ts";
import { displayName, type StepName } from "../../model/step/step.ts";
import type { StepConfig } from "../../model/instance/events.ts";
import { PREVIEW_BYTES, streamPreview, type StreamOutput } from "../../model/step/stream.ts";
import { REDACTED } from "../../model/values/value.ts";
import type { Run } from "../run/run.ts";
import { settleable } from "../run/settleable.ts";

const LOCKED =
  "Step returned a ReadableStream that is already locked or otherwise unreadable. Return a fresh, unlocked ReadableStream from step.do().";
const UNSUPPORTED =
  "Step returned a ReadableStream with unsupported chunk type. Only ArrayBuffer and TypedArray chunks are supported.";
const OVERSIZED = `Step returned a ReadableStream chunk larger than the maximum allowed size of ${LIMITS.streamInputBytes} bytes. Return smaller chunks from step.do().`;
const FULL = "The instance has exceeded the 1GiB storage limit";

/** A stream that cannot be kept. The message is for user code. */
export class UnusableStream extends Error {
  override readonly name = "WorkflowFatalError";
}

/** Whose attempt it is. */
export interface AttemptCall extends StepName {
  readonly run: Run;
  readonly config: StepConfig;
}

/** What becomes of a stream that has been stored: the attempt's result. */
export class Streamed {
  readonly output: StreamOutput;

  constructor(output: StreamOutput) {
    this.output = output;
  }
}

export class OutgoingStream {
  readonly #call: AttemptCall;
  readonly #stream: ReadableStream;
  #reader: ReadableStreamDefaultReader | undefined;
  /** The chunk that is being filled. */
  #chunk: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  #head: Uint8Array = new Uint8Array();
  #sent = 0;
  #bytes = 0;
  #durable = 0;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(call: AttemptCall, stream: ReadableStream) {
    this.#call = call;
    this.#stream = stream;
  }

  /** Reads the stream to its end. Rejects with `UnusableStream`, or with what it was stopped for. */
  async read(): Promise<void> {
    if (this.#stream.locked) throw new UnusableStream(LOCKED);
    this.#reader = this.#stream.getReader();
    const end = this.#call.run.streams.send(this.#call, this);
    try {
      for (;;) {
        const { done, value } = await this.#next(this.#reader);
        this.#check();
        if (done) break;
        await this.#take(bytesOf(value));
      }
      if (this.#filled > 0) await this.#send();
    } catch (cause) {
      end();
      this.#cancel(cause);
      throw cause;
    }
  }

  /** Resolves when all of it is durable. */
  async finish(): Promise<Streamed> {
    const { run, config } = this.#call;
    while (this.#durable < this.#sent) await this.#news();
    run.streams.sent(this.#call);
    const preview = config.sensitive === undefined ? streamPreview(this.#head, this.#bytes) : REDACTED;
    return new Streamed({ stream: { chunks: this.#sent, bytes: this.#bytes }, preview });
  }

  /** Stops reading: the output is not awaited any more. */
  stop(reason: Error): void {
    this.#fail(reason);
    this.#cancel(reason);
  }

  /** So many of its chunks are durable. */
  stored(chunks: number): void {
    this.#durable = chunks;
    this.#wake();
  }

  /** The instance may not keep so much. */
  full(): void {
    this.#fail(new UnusableStream(FULL));
  }

  async #next(reader: ReadableStreamDefaultReader): Promise<{ done: boolean; value?: unknown }> {
    try {
      return await reader.read();
    } catch (cause) {
      const { name, count } = this.#call;
      throw new UnusableStream(
        `Step "${displayName(name, count)}" returned an invalid ReadableStream output. ` +
          `Failed to read from step ReadableStream output. ${cause instanceof Error ? cause.message : String(cause)}`,
      );
    }
  }

  async #take(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength;) {
      this.#chunk ??= new Uint8Array(LIMITS.streamChunkBytes);
      const part = bytes.subarray(at, at + this.#chunk.byteLength - this.#filled);
      this.#chunk.set(part, this.#filled);
      this.#filled += part.byteLength;
      at += part.byteLength;
      if (this.#filled === this.#chunk.byteLength) await this.#send();
    }
  }

  async #send(): Promise<void> {
    if (this.#chunk === undefined) return;
    const bytes = this.#filled === this.#chunk.byteLength ? this.#chunk : this.#chunk.slice(0, this.#filled);
    while (this.#sent - this.#durable >= LIMITS.streamWindow) await this.#news();
    this.#check();
    if (this.#sent === 0) this.#head = bytes.slice(0, PREVIEW_BYTES);
    this.#bytes += bytes.byteLength;
    const { run, name, count } = this.#call;
    run.send({ type: "chunk", run: run.id, name, count, index: this.#sent, bytes });
    this.#sent += 1;
    this.#chunk = undefined;
    this.#filled = 0;
  }

  async #news(): Promise<void> {
    this.#check();
    const { promise, resolve } = settleable();
    this.#wake = resolve;
    await promise;
    this.#check();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #fail(failure: Error): void {
    this.#failure ??= failure;
    this.#wake();
  }

  #cancel(reason: unknown): void {
    discard(this.#reader, reason);
  }
}

/** Cancels a stream that is not read any more. Errors of its source are ignored. */
export function discard(stream: Pick<ReadableStream, "cancel"> | undefined, reason?: unknown): void {
  stream?.cancel(reason).catch(() => undefined);
}

function bytesOf(chunk: unknown): Uint8Array {
  const bytes = chunk instanceof ArrayBuffer ? new Uint8Array(chunk) : viewOf(chunk);
  if (bytes === undefined) throw new UnusableStream(UNSUPPORTED);
  if (bytes.byteLength > LIMITS.streamInputBytes) throw new UnusableStream(OVERSIZED);
  return bytes;
}

function viewOf(chunk: unknown): Uint8Array | undefined {
  if (!ArrayBuffer.isView(chunk) || chunk instanceof DataView) return undefined;
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
