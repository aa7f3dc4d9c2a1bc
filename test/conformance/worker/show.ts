/**
 * Any value as one line of text, the same for the same value on every system: what is compared are these lines, and they
 * are what the page of differences shows. Says the type wherever JSON would hide it; the order of keys is left out.
 */

const ERRORS = [
  AggregateError,
  DOMException,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  Error,
] as const;

/** Characters of a string that are shown; longer ones end with their length. */
const MAX_TEXT = 200;

/** Ids that a system made up. */
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Shows a value. `above` holds the objects that it is a part of. */
export function show(value: unknown, above: readonly object[] = []): string {
  switch (typeof value) {
    case "string":
      return showText(value.replaceAll(UUID, "<id>"));
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "object":
      return value === null ? "null" : showObject(value, above);
    case "function":
      return "<function>";
    default:
      return String(value);
  }
}

function showText(text: string): string {
  if (text.length <= MAX_TEXT) return JSON.stringify(text);
  return `${JSON.stringify(text.slice(0, 20))}… (${text.length} characters)`;
}

function showObject(value: object, above: readonly object[]): string {
  if (above.includes(value)) return "<cycle>";
  const inner = (part: unknown): string => show(part, [...above, value]);
  if (value instanceof Error) return showError(value);
  if (value instanceof Date) return `Date(${Number.isNaN(value.getTime()) ? "invalid" : value.toISOString()})`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof Map) return `Map{${[...value].map(([key, item]) => `${inner(key)} => ${inner(item)}`).join(", ")}}`;
  if (value instanceof Set) return `Set{${[...value].map(inner).join(", ")}}`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer[${new Uint8Array(value).join(", ")}]`;
  if (value instanceof DataView) return `DataView[${bytesOf(value).join(", ")}]`;
  if (ArrayBuffer.isView(value)) return `${nameOf(value)}[${[...(value as Uint8Array)].map(inner).join(", ")}]`;
  if (value instanceof Headers) return `Headers{${[...value].map(([key, item]) => `${key}: ${item}`).join(", ")}}`;
  if (value instanceof ReadableStream) return "ReadableStream";
  if (Array.isArray(value)) {
    const parts = Array.from({ length: value.length }, (_, i) => (Object.hasOwn(value, i) ? inner(value[i]) : "<hole>"));
    return `[${parts.join(", ")}]`;
  }
  const fields = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${key}: ${inner(item)}`);
  return `${nameOf(value)}{${fields.join(", ")}}`;
}

/** The built-in class, the message, and the name where it is not the class's own. */
function showError(error: Error): string {
  const known = ERRORS.find((each) => error instanceof each)?.name ?? "Error";
  const name = error.name === known ? "" : ` named ${error.name}`;
  return `${known}(${showText(error.message.replaceAll(UUID, "<id>"))})${name}`;
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** The class, except for what is written as a literal. */
function nameOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null;
  if (prototype === null) return "<no prototype>";
  const name = prototype.constructor?.name ?? "";
  return name === "Object" ? "" : name;
}
