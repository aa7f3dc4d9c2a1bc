/**
 * Values as text. What plain JSON can say exactly is stored as plain JSON, readable in any SQL shell; everything else
 * that structured clone knows (Map, Set, Date, BigInt, typed arrays, RegExp, Error, cycles, undefined, NaN, -0, holes)
 * is stored in devalue's notation behind a mark. Encoding happens once, beside the user's code; from there on a value
 * is an opaque string until it has to be shown or used.
 */
import { DevalueError, parse, stringify } from "devalue";
import { LIMITS } from "../limits.ts";
import { apply, hasOnlyItems, operations, type Patch } from "./patches.ts";
import { refusal, Unserialisable } from "./unserialisable.ts";
import { ownBytes } from "./bytes.ts";
import { CALL_DEPTH, isDeeper, isFlatDeeper } from "./depth.ts";
import { jsonForm, TOO_DEEP } from "./json-form.ts";

export { CALL_DEPTH } from "./depth.ts";
export { Unserialisable } from "./unserialisable.ts";

/** A value as text: plain JSON, or `MARK` followed by devalue's notation. */
export type Encoded = string;

/** No JSON text begins with it. */
const MARK = "=";

/** After `MARK`, and no text of devalue begins with it: what follows is the value and the patches to make in it. */
const PATCHED = "+";

/** As many as fit into a value: a digit is 0.415 bytes. */
const BIGINT_DIGITS = 2.5 * LIMITS.valueBytes;

/** Levels that are around the patches: a list, a set, and each patch itself. */
const PATCH_LEVELS = 3;

/** What a sealed value begins with: one that only its vault can read. Neither JSON nor `MARK` begins so. */
export const SEAL = "~";

/** What stands where something secret is. */
export const REDACTED = "[REDACTED]";

/** What stands where a text is that no value was made into: code of an isolate can send any. */
const UNREADABLE = "[Not a value]";

/** True for the text of a value that has been sealed. */
export function isSealed(text: Encoded): boolean {
  return text.startsWith(SEAL);
}

/**
 * Text for a value.
 *
 * @throws Unserialisable for functions, symbols, promises, streams and instances of classes, and for what is nested deeper
 * than `most` levels.
 */
export function encode(value: unknown, most: number = LIMITS.valueDepth): Encoded {
  if (isPlainJson(value, most, { left: LIMITS.valueBytes, characters: LIMITS.valueText })) return JSON.stringify(value);
  const patches = new Set<Patch>();
  const flat = flatten(value, value, patches, most);
  if (patches.size === 0) return MARK + flat;
  // A set is read while it grows: what a patch brings may need some itself.
  const all = new Set<Patch>();
  return MARK + PATCHED + flatten(value, [value, all], all, most + PATCH_LEVELS);
}

function flatten(root: unknown, value: unknown, patches: Set<Patch>, most: number): string {
  let flat: string;
  try {
    flat = stringify(value, REDUCERS, { operations: operations(patches) });
  } catch (cause) {
    throw complaint(root, cause, most);
  }
  if (isFlatDeeper(flat, most)) throw new Unserialisable(tooDeep(most));
  return flat;
}

/**
 * The value of a text that `encode` made: a structured clone of what it was given. Throws some error for any other text, in a
 * time that its length bounds.
 */
export function decode(text: Encoded): unknown {
  if (!text.startsWith(MARK)) return JSON.parse(text);
  if (!text.startsWith(PATCHED, MARK.length)) return parse(text.slice(MARK.length), revivers());
  const [value, patches] = parse(text.slice(MARK.length + PATCHED.length), revivers()) as [unknown, Set<Patch>];
  apply(patches);
  return value;
}

/** No character takes more than three bytes for each of its units. */
const UNIT_BYTES = 3;

/** True when a value has more bytes than may be stored (`LIMITS.valueBytes`). Of a short text that costs one comparison. */
export function isTooLarge(text: Encoded): boolean {
  return text.length * UNIT_BYTES > LIMITS.valueBytes && areTooLarge([text]);
}

/** The same of values that come together. They are read, and counted as Cloudflare does, only if their texts are too large. */
export function areTooLarge(texts: readonly Encoded[]): boolean {
  return [encodedBytes, valueBytes].every((bytesOf) => texts.reduce((sum, text) => sum + bytesOf(text), 0) > LIMITS.valueBytes);
}

/** Infinite for a text that is too long to be read, or unreadable. */
function valueBytes(text: Encoded): number {
  if (text.length > LIMITS.valueText) return Infinity;
  try {
    return ownBytes(decode(text), LIMITS.valueBytes);
  } catch {
    return Infinity;
  }
}

/** Bytes of a text in UTF-8. */
export function encodedBytes(text: Encoded): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A surrogate pair is two units and four bytes.
    if (unit >= 0xd800 && unit <= 0xdbff) {
      i += 1;
    }
  }
  return bytes;
}

/** The value as the REST API and the logs show it: JSON, with a note where JSON has no word, and none of what is sealed. */
export function toJson(text: Encoded): unknown {
  return shown(text, Infinity);
}

/** `wanted`: characters of the JSON text after which the rest may be missing. */
function shown(text: Encoded, wanted: number): unknown {
  if (isSealed(text)) return REDACTED;
  try {
    return text.startsWith(MARK) ? shownFlat(text, wanted) : shownJson(text);
  } catch {
    return UNREADABLE;
  }
}

function shownJson(text: Encoded): unknown {
  const value: unknown = JSON.parse(text);
  return isDeeper(value, CALL_DEPTH) ? TOO_DEEP : value;
}

function shownFlat(text: Encoded, wanted: number): unknown {
  const patched = text.startsWith(PATCHED, MARK.length) ? PATCHED.length : 0;
  const isDeep = isFlatDeeper(text.slice(MARK.length + patched), CALL_DEPTH + (patched && PATCH_LEVELS));
  return isDeep ? TOO_DEEP : jsonForm(decode(text), wanted);
}

/** As `toJson`, as text; of a long one only the first `wanted` characters need be right. `undefined` reads as `null`. */
export function toLogText(text: Encoded, wanted: number = Infinity): string {
  return text.startsWith(MARK) || isSealed(text) ? (JSON.stringify(shown(text, wanted)) ?? "null") : text;
}

/** How many parts of a value are still looked at, and how many characters of texts and keys. */
interface Looking {
  left: number;
  characters: number;
}

/**
 * `levels`: how many there may be below; what is deeper may be a cycle, which is for devalue to tell. So is what has more parts
 * than a value may have bytes: they may be few that come again and again, twice as often with each level. And texts of which there
 * are more characters than a value may have.
 */
function isPlainJson(value: unknown, levels: number, looking: Looking): boolean {
  switch (typeof value) {
    case "string":
      looking.characters -= value.length;
      return looking.characters >= 0;
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      if (value === null) return true;
      looking.left -= 1;
      if (levels === 0 || looking.left < 0) return false;
      return Array.isArray(value) ? isPlainArray(value, levels - 1, looking) : isPlainObject(value, levels - 1, looking);
    default:
      return false;
  }
}

function isPlainArray(array: readonly unknown[], levels: number, looking: Looking): boolean {
  for (let i = 0; i < array.length; i += 1) {
    const item = array[i];
    // A hole reads as undefined, which is not plain either.
    if (item === undefined || !isPlainJson(item, levels, looking)) return false;
  }
  return Object.getPrototypeOf(array) === Array.prototype && hasOnlyItems(array);
}

function isPlainObject(object: object, levels: number, looking: Looking): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype) return false;
  if (typeof (object as { toJSON?: unknown }).toJSON === "function") return false;
  for (const key in object) {
    const item = (object as Record<string, unknown>)[key];
    looking.characters -= key.length;
    if (item === undefined || !isPlainJson(item, levels, looking)) return false;
  }
  return true;
}

const ERRORS = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError } as const;

type ErrorClass = keyof typeof ERRORS;

const REDUCERS: Record<string, (value: unknown) => unknown> = {
  // Named objects that are no more than data in structured clone's eyes.
  Error: (value) => value instanceof Error && [errorClass(value), value.message, value.cause === undefined ? [] : [value.cause]],
  Headers: (value) => typeof Headers === "function" && value instanceof Headers && [...value],
  View: (value) => isCutView(value) && compact(value),
  // devalue would keep them; Cloudflare does not, and what works here should work there.
  URL: (value) => isUrl(value) && refuse(value),
};

function isUrl(value: unknown): value is object {
  return (
    (typeof URL === "function" && value instanceof URL) ||
    (typeof URLSearchParams === "function" && value instanceof URLSearchParams)
  );
}

/** Something that devalue would keep, and Cloudflare does not. */
class Refused extends Error {
  readonly value: object;

  constructor(value: object) {
    super("refused");
    this.value = value;
  }
}

function refuse(value: object): never {
  throw new Refused(value);
}

type Revivers = NonNullable<Parameters<typeof parse>[1]>;

const REVIVERS: Revivers = {
  // An error within its own cause is read twice, and has none yet where it is read first.
  Error: ([name, message, cause]: [ErrorClass, string, unknown[] | undefined]) =>
    new ERRORS[name](message, cause === undefined || cause.length === 0 ? undefined : { cause: cause[0] }),
  Headers: (entries: [string, string][]) => new Headers(entries),
  View: (view: unknown) => view,
};

/** To read a number takes more than twice the time with twice the digits, so those of a text are counted. */
function revivers(): Revivers {
  let left = BIGINT_DIGITS;
  const bigint = (digits: unknown): bigint => {
    if (typeof digits !== "string") throw new TypeError("The digits of a number are no text");
    left -= digits.length;
    if (left < 0) throw new RangeError(`Numbers with more than ${BIGINT_DIGITS} digits together are not read`);
    return BigInt(digits);
  };
  return { ...REVIVERS, BigInt: bigint };
}

function errorClass(error: Error): ErrorClass {
  const { name } = error;
  return Object.hasOwn(ERRORS, name) ? (name as ErrorClass) : "Error";
}

/** A view of a part of a larger buffer: only the part is to be stored. */
function isCutView(value: unknown): value is ArrayBufferView {
  return ArrayBuffer.isView(value) && value.byteLength !== value.buffer.byteLength;
}

function compact(view: ArrayBufferView): ArrayBufferView {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
  if (view instanceof DataView) return new DataView(bytes.buffer);
  // A Buffer of Node's pool is one, and its constructor is deprecated.
  if (view instanceof Uint8Array) return bytes;
  const View = view.constructor as new (buffer: ArrayBufferLike) => ArrayBufferView;
  return new View(bytes.buffer);
}

function tooDeep(most: number): string {
  return `The value is nested deeper than ${most} levels`;
}

function complaint(root: unknown, cause: unknown, most: number): Unserialisable {
  // Of the stack: whatever is deeper than that is deeper than it may be.
  if (cause instanceof RangeError) return new Unserialisable(tooDeep(most), { cause });
  if (cause instanceof DevalueError || cause instanceof Refused) return refusal(root, cause.value, cause);
  // What a getter of the user's has thrown.
  return new Unserialisable(`Could not serialize the value: ${String(cause)}`, {
    redacted: "Could not serialize the value",
    cause,
  });
}
