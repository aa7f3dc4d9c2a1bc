/**
 * How many bytes a value has, as Cloudflare counts them: those of V8's structured clone, which its engine stores. A text of
 * Latin-1 has a byte a character, any other two; numbers have two to nine; a `Uint8Array` has its length. What is around
 * them counts too, as it does there; where V8 aligns texts or writes versions, this may be some bytes less.
 */

/** Bytes of a tag of V8's format. */
const TAG = 1;

/**
 * Counts a value that `decode` made. What V8 writes around bytes or a text alone does not count: 1 MiB of them is 1 MiB. Of a
 * value that has more than `most`, no more are counted than that it has.
 */
export function ownBytes(value: unknown, most: number = Infinity): number {
  if (typeof value === "string") return unitBytes(value);
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer ? value.byteLength : cloneBytes(value, most);
}

/** Counts a value that `decode` made: of what cannot be stored it knows nothing. A text counts, and is looked at, each time. */
export function cloneBytes(value: unknown, most: number = Infinity): number {
  const seen = new Map<object, number>();
  const open: unknown[] = [value];
  let bytes = 0;
  while (open.length > 0 && bytes <= most) {
    const next = open.pop();
    if (typeof next !== "object" || next === null) bytes += primitiveBytes(next);
    else {
      const known = seen.get(next);
      if (known === undefined) {
        seen.set(next, seen.size);
        bytes += objectBytes(next, open);
      } else bytes += TAG + varint(known);
    }
  }
  return bytes;
}

function primitiveBytes(value: unknown): number {
  switch (typeof value) {
    case "string":
      return textBytes(value);
    case "number":
      return isSmall(value) ? TAG + varint(value < 0 ? -2 * value - 1 : 2 * value) : TAG + 8;
    case "bigint":
      return TAG + 1 + (value === 0n ? 0 : 8 * Math.ceil(value.toString(16).replace("-", "").length / 16));
    default:
      return TAG;
  }
}

/** What V8 writes as an integer. */
function isSmall(value: number): boolean {
  return Number.isInteger(value) && value >= -(2 ** 30) && value < 2 ** 30 && !Object.is(value, -0);
}

/** Bytes of an object without what is in it, which goes onto `open`. */
function objectBytes(object: object, open: unknown[]): number {
  if (Array.isArray(object)) return arrayBytes(object, open);
  if (ArrayBuffer.isView(object)) {
    open.push(object.buffer);
    return TAG + 2 + varint(object.byteOffset) + varint(object.byteLength);
  }
  if (object instanceof ArrayBuffer) return TAG + varint(object.byteLength) + object.byteLength;
  if (Object.prototype.toString.call(object) === "[object Date]") return TAG + 8;
  if (object instanceof RegExp) return TAG + textBytes(object.source) + 1;
  if (object instanceof Map || object instanceof Set) {
    for (const entry of object) open.push(...(object instanceof Map ? (entry as unknown[]) : [entry]));
    return 2 * TAG + varint(object.size);
  }
  if (object instanceof Error) {
    open.push(object.message, object.cause);
    return 4 * TAG;
  }
  if (typeof Headers === "function" && object instanceof Headers) {
    open.push(...[...object].flat());
    return 2 * TAG;
  }
  const keys = Object.keys(object);
  return 2 * TAG + varint(keys.length) + propertyBytes(object, keys, open);
}

function arrayBytes(array: readonly unknown[], open: unknown[]): number {
  const keys = Object.keys(array);
  const head = 2 * TAG + 2 * varint(array.length);
  // With holes, an array is written like an object: only what is there, and where it is.
  const from = isDense(array, keys) ? array.length : 0;
  for (let i = 0; i < from; i += 1) open.push(array[i]);
  return head + varint(keys.length - from) + propertyBytes(array, keys.slice(from), open);
}

function isDense(array: readonly unknown[], keys: readonly string[]): boolean {
  return array.length === 0 || (keys.length >= array.length && keys[array.length - 1] === String(array.length - 1));
}

function propertyBytes(object: object, keys: readonly string[], open: unknown[]): number {
  let bytes = 0;
  for (const key of keys) {
    bytes += /^(?:0|[1-9]\d{0,8})$/.test(key) ? primitiveBytes(Number(key)) : textBytes(key);
    open.push((object as Record<string, unknown>)[key]);
  }
  return bytes;
}

function textBytes(text: string): number {
  const bytes = unitBytes(text);
  return TAG + varint(bytes) + bytes;
}

function unitBytes(text: string): number {
  return isLatin1(text) ? text.length : 2 * text.length;
}

function isLatin1(text: string): boolean {
  return !/[^\0-\u00ff]/.test(text);
}

/** Bytes of a number that is written in groups of seven bits. */
function varint(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest /= 128) bytes += 1;
  return bytes;
}
