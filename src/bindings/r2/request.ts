/** Requests to a bucket. What is asked, and what is answered, is JSON that stands before the bytes of an object. */
import { asciiJson } from "../../model/values/ascii-json.ts";
import type { Stub } from "../stub.ts";
import { R2_HEADERS } from "./headers.ts";

/** What may be stored. */
export type Value = ReadableStream<Uint8Array> | ArrayBuffer | NodeJS.ArrayBufferView | string | Blob | null;

/** What is asked: the operation, and what it is about. */
export interface Asked {
  readonly method: string;
  readonly [more: string]: unknown;
}

const URL_OF_BUCKET = "http://r2/";

/** Operations that read. */
export const READING: ReadonlySet<string> = new Set(["head", "get", "list"]);

/** Codes of R2's own for what is no error of the caller. */
export const NO_SUCH_OBJECT: number = 10_007;
const PRECONDITION_FAILED = 10_031;

/** `none`: there is no such object. `refused`: a condition does not hold. */
export class R2Answer {
  readonly kind: "done" | "none" | "refused";
  readonly #response: Response;

  constructor(kind: R2Answer["kind"], response: Response) {
    this.kind = kind;
    this.#response = response;
  }

  /** The JSON before the bytes. To be read first. */
  async json<T>(): Promise<T> {
    const size = Number(this.#response.headers.get(R2_HEADERS.metadataSize) ?? 0);
    const { body } = this.#response;
    if (body === null || size === 0) return (await this.#response.json()) as T;
    return JSON.parse(new TextDecoder().decode(await beginning(body, size))) as T;
  }

  /** The bytes, with their number, so that they can be stored again without counting. */
  bytes(length: number): ReadableStream<Uint8Array> {
    // Outside of workerd nothing counts them.
    const counted = typeof FixedLengthStream !== "undefined";
    const { readable, writable } = counted ? new FixedLengthStream(length) : new TransformStream<Uint8Array, Uint8Array>();
    // What goes wrong shows on the other side.
    void this.#response.body?.pipeTo(writable).catch(() => {});
    return readable;
  }
}

/** The first bytes of a stream, which goes on after them. */
async function beginning(stream: ReadableStream<Uint8Array>, size: number): Promise<Uint8Array> {
  const whole = new Uint8Array(size);
  const reader = stream.getReader({ mode: "byob" });
  for (let at = 0; at < size;) {
    const { value, done } = await reader.read(new Uint8Array(size - at));
    if (done) break;
    whole.set(value, at);
    at += value.length;
  }
  reader.releaseLock();
  return whole;
}

declare const FixedLengthStream: new (length: number) => TransformStream<Uint8Array, Uint8Array>;

/** Asks for something that brings no bytes along. */
export function askR2(stub: Stub, asked: Asked): Promise<R2Answer> {
  if (READING.has(asked.method))
    return answered(asked.method, stub.fetch(URL_OF_BUCKET, { headers: { [R2_HEADERS.request]: asciiJson(asked) } }));
  const body = new TextEncoder().encode(JSON.stringify(asked));
  const headers = { [R2_HEADERS.metadataSize]: `${body.length}` };
  return answered(asked.method, stub.fetch(URL_OF_BUCKET, { method: "PUT", headers, body }));
}

/** Asks for something that stores bytes. How many there are only the runtime knows, so that the gateway joins the two. */
export function askR2With(stub: Stub, asked: Asked, value: Value): Promise<R2Answer> {
  const headers = { [R2_HEADERS.request]: asciiJson(asked) };
  return answered(asked.method, stub.fetch(URL_OF_BUCKET, { method: "PUT", headers, body: toBody(value), duplex: "half" }));
}

function toBody(value: Value | undefined): Exclude<Value, null> {
  if (value === null) return "";
  if (typeof value === "string" || value instanceof ReadableStream || value instanceof Blob) return value;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value;
  throw new TypeError(
    "Failed to execute 'put' on 'R2Bucket': parameter 2 is not of type 'JsReadableStream or ArrayBuffer or ArrayBufferView or string or Blob'.",
  );
}

async function answered(method: string, asking: Promise<Response>): Promise<R2Answer> {
  const response = await asking;
  if (response.ok) return new R2Answer("done", response);
  if (response.headers.has(R2_HEADERS.noLength))
    throw new TypeError(
      "Provided readable stream must have a known length (request/response body or readable half of FixedLengthStream)",
    );
  const failed = response.headers.get(R2_HEADERS.error);
  if (failed === null) throw new Error(`${method}: Unspecified error (0)`);
  const { message, v4code } = JSON.parse(failed) as { message: string; v4code: number };
  if (v4code === NO_SUCH_OBJECT && (method === "get" || method === "head")) return new R2Answer("none", response);
  if (v4code === PRECONDITION_FAILED && (method === "get" || method === "put")) return new R2Answer("refused", response);
  throw new Error(`${method}: ${message} (${v4code})`);
}
