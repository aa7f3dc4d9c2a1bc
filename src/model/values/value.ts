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
import { isDeeper, isFlatDeeper } from "./depth.ts";

export { Unserialisable } from "./unserialisable.ts";

/** A value as text: plain JSON, or `MARK` followed by devalue's notation. */
export type Encoded = string;

/** No JSON text begins with it. */
const MARK = "=";

/** After `MARK`, and no text of devalue begins with it: what follows is the value and the patches to make in it. */
const PATCHED = "+";

/** Levels that are around the patches: a list, a set, and each patch itself. */
const PATCH_LEVELS = 3;

/** What a sealed value begins with: one that only its vault can read. Neither JSON nor `MARK` begins so. */
export const SEAL = "~";

/** What stands where something secret is. */
export const REDACTED = "[REDACTED]";

/** What stands where a value is too deep to be shown: it was stored by a version that had no limit. */
const TOO_DEEP = `[Nested deeper than ${LIMITS.valueDepth} levels]`;

/** What stands where there is more of a value than is shown: parts that come again and again, or holes. */
const TOO_LARGE = "[Larger than can be shown]";

/**
 * What it costs to show a container, one that has been shown before, and an item of an array, in characters. What a value may
 * have of its own always fits.
 */
const CONTAINER_COST = 16;
const REPEAT_COST = 256;
const ITEM_COST = 4;

/** Levels that calls and answers add around the values in them. */
const WRAPPING = 8;

/** How deep the arguments and the answers of calls may be nested. */
export const CALL_DEPTH: number = LIMITS.valueDepth + WRAPPING;

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
  if (isPlainJson(value, most, { left: LIMITS.valueBytes })) return JSON.stringify(value);
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

/** The value of a text that `encode` made: a structured clone of what it was given. */
export function decode(text: Encoded): unknown {
  if (!text.startsWith(MARK)) return JSON.parse(text);
  if (!text.startsWith(PATCHED, MARK.length)) return parse(text.slice(MARK.length), REVIVERS);
  const [value, patches] = parse(text.slice(MARK.length + PATCHED.length), REVIVERS) as [unknown, Set<Patch>];
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
    return ownBytes(decode(text));
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
  if (!text.startsWith(MARK)) {
    const value: unknown = JSON.parse(text);
    return isDeeper(value, CALL_DEPTH) ? TOO_DEEP : value;
  }
  const patched = text.startsWith(PATCHED, MARK.length) ? PATCHED.length : 0;
  return isFlatDeeper(text.slice(MARK.length + patched), CALL_DEPTH + (patched && PATCH_LEVELS))
    ? TOO_DEEP
    : jsonForm(decode(text), { above: new Set(), shown: new Set(), left: LIMITS.valueText, wanted });
}

/** As `toJson`, as text; of a long one only the first `wanted` characters need be right. `undefined` reads as `null`. */
export function toLogText(text: Encoded, wanted: number = Infinity): string {
  return text.startsWith(MARK) || isSealed(text) ? (JSON.stringify(shown(text, wanted)) ?? "null") : text;
}

/** How many parts of a value are still looked at. */
interface Looking {
  left: number;
}

/**
 * `levels`: how many there may be below; what is deeper may be a cycle, which is for devalue to tell. So is what has more parts
 * than a value may have bytes: they may be few that come again and again, twice as often with each level.
 */
function isPlainJson(value: unknown, levels: number, looking: Looking): boolean {
  switch (typeof value) {
    case "string":
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

/** Where the JSON form of a value has got to. What a short text names many times is large, or endless, when it is written out. */
interface Showing {
  readonly above: Set<object>;
  /** Containers that have been shown, or are being. */
  readonly shown: Set<object>;
  /** How many characters more are shown, roughly. */
  left: number;
  /** Characters to come before the rest may be left out. Each item and property is counted as one, at least. */
  wanted: number;
}

/** True when so many characters more can be shown. */
function spend(showing: Showing, characters: number): boolean {
  if (characters > showing.left) return false;
  showing.left -= characters;
  return true;
}

function jsonForm(value: unknown, showing: Showing): unknown {
  switch (typeof value) {
    case "bigint":
      return `[BigInt(${value})]`;
    case "number":
      return Number.isFinite(value) ? value : null;
    case "string":
      return spend(showing, value.length) ? value : TOO_LARGE;
    case "object":
      return value === null ? null : jsonObject(value, showing);
    default:
      return value;
  }
}

function jsonItems(array: readonly unknown[], showing: Showing): unknown[] {
  const form: unknown[] = [];
  for (let i = 0; i < array.length && showing.wanted >= 0; i += 1) {
    showing.wanted -= 1;
    form.push(jsonForm(array[i], showing) ?? null);
  }
  return form;
}

/** A value may be hundreds of thousands of small objects: a list of the properties of each would take longer than all else. */
function jsonProperties(value: object, showing: Showing): Record<string, unknown> {
  const form: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (showing.wanted < 0) break;
    if (!spend(showing, key.length + 1)) continue;
    const item = jsonForm((value as Record<string, unknown>)[key], showing);
    if (item === undefined) continue;
    showing.wanted -= 1;
    if (key === "__proto__") Object.defineProperty(form, key, { value: item, enumerable: true });
    else form[key] = item;
  }
  return form;
}

function jsonObject(value: object, showing: Showing): unknown {
  const { above } = showing;
  if (above.has(value)) return "[Circular]";
  // What a patch leads to may be deeper than its text.
  if (above.size > CALL_DEPTH) return TOO_DEEP;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.constructor.name}(${value.byteLength} bytes)]`;
  if (value instanceof ArrayBuffer) return `[ArrayBuffer(${value.byteLength} bytes)]`;
  const cost = showing.shown.has(value) ? REPEAT_COST : CONTAINER_COST;
  if (!spend(showing, cost + (Array.isArray(value) ? ITEM_COST * value.length : 0))) return TOO_LARGE;
  above.add(value);
  showing.shown.add(value);
  const form = Array.isArray(value) ? jsonItems(value, showing) : jsonProperties(value, showing);
  above.delete(value);
  return form;
}
