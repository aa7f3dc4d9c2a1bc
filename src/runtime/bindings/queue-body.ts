/** Bodies of messages: made of what user code sends, and made into what user code gets. */
import type { ContentType, MessageBody } from "../../model/platform/queue.ts";
import { decode, encode } from "../../model/values/value.ts";

/**
 * The body of a message. Cloudflare's default is `json`.
 *
 * @throws TypeError for what cannot be of this type; Unserialisable for `v8`.
 */
export function toBody(value: unknown, contentType: ContentType = "json"): MessageBody {
  switch (contentType) {
    case "text":
      if (typeof value !== "string") throw new TypeError(`The body of a "text" message must be a string`);
      return { contentType, body: value };
    case "json": {
      const body = JSON.stringify(value) as string | undefined;
      if (body === undefined) throw new TypeError(`The body of a "json" message must be serializable as JSON`);
      return { contentType, body };
    }
    case "bytes":
      return { contentType, body: toBase64(bytesOf(value)) };
    case "v8":
      return { contentType, body: encode(value) };
    default:
      throw new TypeError(`Unknown content type "${String(contentType)}": use "text", "json", "bytes" or "v8"`);
  }
}

/** The value that a consumer gets. */
export function fromBody({ contentType, body }: MessageBody): unknown {
  switch (contentType) {
    case "text":
      return body;
    case "json":
      return JSON.parse(body);
    case "bytes":
      return Uint8Array.from(atob(body), (char) => char.charCodeAt(0)).buffer;
    case "v8":
      return decode(body);
  }
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw new TypeError(`The body of a "bytes" message must be an ArrayBuffer or a view of one`);
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
