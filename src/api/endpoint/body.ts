/**
 * Reads the body of a request: no more of it than its endpoint takes, no slower than it has to come, and not more of all
 * requests at once than fits into memory. Nothing is read before an endpoint asks for it, which it does once it knows the client.
 */
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import { CALL_DEPTH } from "../../model/values/value.ts";
import { isDeeper } from "../../model/values/depth.ts";
import type { Clock } from "../../ports/clock.ts";
import { systemClock } from "../../system/clock.ts";
import { parseJson, TURN } from "../../model/values/json-array.ts";

/** Deeper JSON could be taken, but neither stored nor shown: what is in a body is a little less deep than the body. */
const TOO_DEEP = `The JSON is nested deeper than ${CALL_DEPTH} levels`;

/** Room for the bodies that are held in memory at once. */
export class BodyRoom {
  readonly #bytes: number;
  #held = 0;

  constructor(bytes: number = LIMITS.bodiesBytes) {
    this.#bytes = bytes;
  }

  /** Fails with `request.overloaded` when there is not so much room. */
  take(bytes: number): void {
    if (this.#held + bytes > this.#bytes)
      throw new Failure("request.overloaded", { detail: "The memory for request bodies is exhausted" });
    this.#held += bytes;
  }

  /** Pairs with `take`. */
  giveBack(bytes: number): void {
    this.#held -= bytes;
  }
}

/** The body of one request. Every way to read it fails with `request.too_large`, `request.timeout` or `request.overloaded`. */
export class RequestBody {
  readonly #request: Request;
  readonly #maxBytes: number;
  readonly #room: BodyRoom;
  readonly #clock: Clock;
  #held = 0;

  /** `maxBytes`: as many may be read. The clock is for time limits alone. */
  constructor(request: Request, maxBytes: number, room: BodyRoom, clock: Clock = systemClock) {
    this.#request = request;
    this.#maxBytes = maxBytes;
    this.#room = room;
    this.#clock = clock;
  }

  /** What is held of it no longer counts. */
  close(): void {
    this.#room.giveBack(this.#held);
    this.#held = 0;
  }

  /** All of it. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const length = this.#announced();
    if (length === undefined) return this.#inTime(this.#maxBytes, this.#collect());
    this.#take(length);
    return new Uint8Array(await this.#inTime(length, this.#request.arrayBuffer()));
  }

  async text(): Promise<string> {
    const length = this.#announced();
    if (length === undefined) return new TextDecoder().decode(await this.bytes());
    this.#take(length);
    return this.#inTime(length, this.#request.text());
  }

  /** The content type does not matter: curl's own says that everything is a form. Fails with `body` for what is not JSON. */
  async json(): Promise<unknown> {
    const text = await this.text();
    if (text.trim() === "") throw new Failure("body", { field: "body", detail: "The request needs a JSON body" });
    const value = await this.#parse(text);
    if (isDeeper(value, CALL_DEPTH)) throw new Failure("body", { field: "body", detail: TOO_DEEP });
    return value;
  }

  async #parse(text: string): Promise<unknown> {
    try {
      // Most are small, and need no turns.
      if (text.length <= TURN) return JSON.parse(text);
      return await parseJson(text, () => new Promise((resolve) => this.#clock.soon(resolve)));
    } catch (cause) {
      throw new Failure("body", { field: "body", detail: `Not valid JSON: ${(cause as Error).message}`, cause });
    }
  }

  /** A multipart form, of at most `LIMITS.formParts` parts. `expected` says in the failure `body` what should have been sent. */
  async form(expected: string): Promise<FormData> {
    const type = this.#request.headers.get("content-type") ?? "";
    const bytes = await this.bytes();
    const boundary = /boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type);
    if (countOf(bytes, `--${boundary?.[1] ?? boundary?.[2] ?? ""}`) > LIMITS.formParts + 1)
      throw new Failure("request.too_large", { field: "body", detail: `A form may have at most ${LIMITS.formParts} parts` });
    try {
      return await new Response(bytes, { headers: { "content-type": type } }).formData();
    } catch (cause) {
      throw new Failure("body", { field: "body", detail: expected, cause });
    }
  }

  /** The body as it arrives, not buffered; null when there is none. Reading fails when it is longer than allowed. */
  stream(): ReadableStream<Uint8Array> | null {
    const { body } = this.#request;
    if (body === null || this.#announced() !== undefined) return body;
    let bytes = 0;
    const count = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        bytes += chunk.byteLength;
        if (bytes > this.#maxBytes) controller.error(this.#tooLarge());
        else controller.enqueue(chunk);
      },
    });
    return body.pipeThrough(count);
  }

  /** Its length, if the client says it: the parser then holds the client to it. */
  #announced(): number | undefined {
    const { headers } = this.#request;
    const length = headers.get("content-length");
    if (length === null || headers.has("transfer-encoding")) return undefined;
    if (Number(length) > this.#maxBytes) throw this.#tooLarge();
    return Number(length);
  }

  async #collect(): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const reader = this.#request.body?.getReader();
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
      bytes += next.value.byteLength;
      // The rest is not read: the listener hangs up once the client has had the time to see the answer.
      if (bytes > this.#maxBytes) throw this.#tooLarge();
      this.#take(next.value.byteLength);
      chunks.push(next.value);
    }
    return new Uint8Array(Buffer.concat(chunks));
  }

  #take(bytes: number): void {
    this.#room.take(bytes);
    this.#held += bytes;
  }

  async #inTime<T>(bytes: number, reading: Promise<T>): Promise<T> {
    const ms = LIMITS.bodyMs + Math.ceil((bytes / LIMITS.bodyBytesPerSecond) * 1_000);
    const late = Promise.withResolvers<never>();
    const cancel = this.#clock.alarm(this.#clock.now() + ms, () =>
      late.reject(new Failure("request.timeout", { field: "body" })),
    );
    try {
      return await Promise.race([reading, late.promise]);
    } finally {
      cancel();
    }
  }

  #tooLarge(): Failure {
    return new Failure("request.too_large", { field: "body", detail: `The body may have at most ${this.#maxBytes} bytes` });
  }
}

/** How often a text of ASCII is in bytes, without overlaps; no further than is of interest. */
function countOf(bytes: Uint8Array<ArrayBuffer>, text: string): number {
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let count = 0;
  for (let at = haystack.indexOf(text); at >= 0 && count <= LIMITS.formParts + 1; at = haystack.indexOf(text, at + text.length))
    count += 1;
  return count;
}
