/** The options of the calls of a bucket, as they are sent. */
import type { SentHttpFields } from "./object.ts";

/** The hashes that a value can be checked against: how they are called in messages, and how many bytes they have. */
const HASHES = {
  md5: ["MD5", 16],
  sha1: ["SHA-1", 20],
  sha256: ["SHA-256", 32],
  sha384: ["SHA-384", 48],
  sha512: ["SHA-512", 64],
} as const;

type HashName = keyof typeof HASHES;

type Bytes = ArrayBuffer | NodeJS.ArrayBufferView;

interface Conditional {
  readonly etagMatches?: string;
  readonly etagDoesNotMatch?: string;
  readonly uploadedBefore?: Date;
  readonly uploadedAfter?: Date;
  readonly secondsGranularity?: boolean;
}

/** Part of an object: from where, how much; or how much of its end. */
interface Range {
  readonly offset?: number;
  readonly length?: number;
  readonly suffix?: number;
}

interface HttpMetadata extends Omit<SentHttpFields, "cacheExpiry"> {
  readonly cacheExpiry?: Date;
}

export interface GetOptions {
  readonly onlyIf?: Conditional | Headers;
  readonly range?: Range | Headers;
}

export interface PutOptions extends Partial<Record<HashName, Bytes | string>> {
  readonly onlyIf?: Conditional | Headers;
  readonly httpMetadata?: HttpMetadata | Headers;
  readonly customMetadata?: Readonly<Record<string, string>>;
}

export function toRange(range: Range | Headers | undefined): object {
  if (range === undefined) return {};
  if (!(range instanceof Headers)) return { range };
  const header = range.get("range");
  return header === null ? {} : { rangeHeader: header };
}

export function toConditional(condition: Conditional | Headers | undefined): object {
  if (condition === undefined) return {};
  if (condition instanceof Headers) return { onlyIf: fromHeaders(condition) };
  const { etagMatches, etagDoesNotMatch, uploadedBefore, uploadedAfter, secondsGranularity } = condition;
  return {
    onlyIf: {
      ...(etagMatches !== undefined && { etagMatches: [toEtag(etagMatches)] }),
      ...(etagDoesNotMatch !== undefined && { etagDoesNotMatch: [toEtag(etagDoesNotMatch)] }),
      ...(uploadedBefore !== undefined && { uploadedBefore: uploadedBefore.getTime() }),
      ...(uploadedAfter !== undefined && { uploadedAfter: uploadedAfter.getTime() }),
      ...(secondsGranularity !== undefined && { secondsGranularity }),
    },
  };
}

function fromHeaders(headers: Headers): object {
  const [matches, doesNotMatch] = [headers.get("if-match"), headers.get("if-none-match")];
  const [before, after] = [headers.get("if-unmodified-since"), headers.get("if-modified-since")];
  return {
    ...(matches !== null && { etagMatches: toEtags(matches) }),
    ...(doesNotMatch !== null && { etagDoesNotMatch: toEtags(doesNotMatch) }),
    ...(before !== null && { uploadedBefore: Date.parse(before) }),
    ...(after !== null && { uploadedAfter: Date.parse(after) }),
    secondsGranularity: true,
  };
}

function toEtag(value: string): object {
  if (/^(?:W\/)?".*"$/.test(value)) throw new TypeError(`Conditional ETag should not be wrapped in quotes (${value}).`);
  return value === "*" ? { type: "wildcard" } : { type: "strong", value };
}

/** Of a header: `"a", W/"b"`, or an asterisk. */
function toEtags(header: string): object[] {
  if (header.trim() === "*") return [{ type: "wildcard" }];
  return Array.from(header.matchAll(/(W\/)?"([^"]*)"/g), ([, weak, value]) => ({
    type: weak === undefined ? "strong" : "weak",
    value,
  }));
}

export function toHttpFields(metadata: HttpMetadata | Headers): object {
  if (metadata instanceof Headers) return fieldsOf(metadata);
  const { cacheExpiry, ...fields } = metadata;
  return { ...fields, ...(cacheExpiry !== undefined && { cacheExpiry: cacheExpiry.getTime() }) };
}

function fieldsOf(headers: Headers): object {
  const named = {
    contentType: headers.get("content-type"),
    contentLanguage: headers.get("content-language"),
    contentDisposition: headers.get("content-disposition"),
    contentEncoding: headers.get("content-encoding"),
    cacheControl: headers.get("cache-control"),
    cacheExpiry: headers.has("expires") ? Date.parse(headers.get("expires") ?? "") : null,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== null));
}

/** R2 wants MD5 in base64, the others in hexadecimal. */
export function toHashes(options: PutOptions): object {
  const given = (Object.keys(HASHES) as HashName[]).filter((name) => options[name] !== undefined);
  if (given.length > 1) throw new TypeError("You cannot specify multiple hashing algorithms.");
  return Object.fromEntries(given.map((name) => [name, toHash(name, options[name] ?? "")]));
}

function toHash(name: HashName, value: Bytes | string): string {
  const [title, size] = HASHES[name];
  if (typeof value === "string" && value.length !== 2 * size)
    throw new TypeError(`${title} is ${2 * size} hex characters, not ${value.length}`);
  const bytes = typeof value === "string" ? fromHex(title, value) : toBytes(value);
  if (bytes.length !== size) throw new TypeError(`${title} is ${size} bytes, not ${bytes.length}`);
  if (name === "md5") return btoa(String.fromCharCode(...bytes));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function toBytes(value: Bytes): Uint8Array {
  return value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

function fromHex(title: string, text: string): Uint8Array {
  if (!/^[0-9a-f]*$/i.test(text)) throw new TypeError(`Provided ${title} wasn't a valid hex string`);
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
