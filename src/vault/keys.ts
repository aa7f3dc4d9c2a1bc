/**
 * Keys as people keep them: 32 bytes in base64 or hex, one or several, the one to encrypt with first. A key's id is made
 * from the key itself, so that keys need no names and a missing key can be identified.
 */
import { createHash } from "node:crypto";
import { Failure } from "../model/failures/failure.ts";

/** A key for AES-256. */
export interface Key {
  /** Eight hexadecimal digits that say nothing about the key. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** Bytes of a key. */
export const KEY_BYTES = 32;

/**
 * The keys of a text: separated by commas or white space, with remarks from `#` to the end of the line.
 *
 * @param source where the text is from, for the error message.
 * @throws Failure `vault.key_invalid`, which never shows a key.
 */
export function parseKeys(text: string, source: string): [Key, ...Key[]] {
  const words = text
    .replaceAll(/#.*/g, "")
    .split(/[\s,]+/)
    .filter((word) => word !== "");
  const [first, ...rest] = words.map((word, i) => toKey(word, i, source));
  if (first === undefined) throw new Failure("vault.key_invalid", { field: source, detail: "It contains no key" });
  return [first, ...rest];
}

function toKey(word: string, index: number, source: string): Key {
  const bytes = /^[0-9a-f]{64}$/i.test(word) ? Buffer.from(word, "hex") : fromBase64(word);
  if (bytes?.length === KEY_BYTES) return { id: idOf(bytes), bytes };
  const detail = `Key number ${index + 1} is not ${KEY_BYTES} bytes in base64 or hex`;
  throw new Failure("vault.key_invalid", { field: source, detail });
}

function fromBase64(word: string): Buffer | undefined {
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(word) ? Buffer.from(word, "base64") : undefined;
}

function idOf(bytes: Uint8Array): string {
  return createHash("sha256").update("stepwell key id").update(bytes).digest("hex").slice(0, 8);
}
