/** Values that cannot be stored: which class is in the way, and where. Nothing of the value itself is quoted. */

/** A value that cannot be stored. The message names what is in the way, and the path to it. */
export class Unserialisable extends Error {
  override readonly name = "Unserialisable";
  /** The message for what is secret: property names that may be data, too, are left out. */
  readonly redacted: string;

  constructor(message: string, options: { readonly redacted?: string; readonly cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.redacted = options.redacted ?? message;
  }
}

/** Why `root` cannot be stored: because of `part`, which is in it. */
export function refusal(root: unknown, part: unknown, cause: unknown): Unserialisable {
  const what = `Could not serialize ${describe(part)}`;
  const path = pathTo(root, part);
  return new Unserialisable(what + at(path), { redacted: what + at(path.map(withoutData)), cause });
}

/** The name of an object's class, as far as it has one. */
export function className(object: object): string {
  const { constructor } = object as { constructor?: unknown };
  return typeof constructor === "function" && typeof constructor.name === "string" && constructor.name !== ""
    ? constructor.name
    : "Object";
}

function describe(part: unknown): string {
  if (typeof part === "symbol") return "a symbol";
  if (typeof part === "function") return isClass(part) ? "a class" : "a function";
  const type = `object of type "${className(part as object)}"`;
  return typeof (part as { then?: unknown }).then === "function" ? `${type}, which must be awaited first` : type;
}

function isClass(part: object): boolean {
  return Object.getOwnPropertyDescriptor(part, "prototype")?.writable === false;
}

/** One step of a path, as JavaScript has it: `.a`, `[2]`, `["a b"]`, `.get()`. */
type Segment = string;

interface Visit {
  readonly value: unknown;
  readonly segment: Segment;
  readonly above: Visit | undefined;
}

/** How to get from a value to a part of it; empty when it is the value itself. */
function pathTo(root: unknown, part: unknown): Segment[] {
  const seen = new Set<unknown>();
  const open: Visit[] = [{ value: root, segment: "", above: undefined }];
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    if (visit.value === part) return segments(visit);
    if (typeof visit.value !== "object" || visit.value === null || seen.has(visit.value)) continue;
    seen.add(visit.value);
    for (const [segment, value] of partsOf(visit.value)) open.push({ value, segment, above: visit });
  }
  return [];
}

function segments(visit: Visit): Segment[] {
  return visit.above === undefined ? [] : [...segments(visit.above), visit.segment];
}

function partsOf(value: object): (readonly [Segment, unknown])[] {
  if (value instanceof Map)
    return [...value].flatMap(([key, item], i) => [[`.keys()[${i}]`, key] as const, [`.values()[${i}]`, item] as const]);
  if (value instanceof Set) return [...value].map((item, i) => [`.values()[${i}]`, item] as const);
  if (value instanceof Error) return [[".cause", value.cause]];
  if (ArrayBuffer.isView(value)) return [];
  const isList = Array.isArray(value);
  return Object.entries(value).map(([key, item]) => [isList && /^\d+$/.test(key) ? `[${key}]` : property(key), item] as const);
}

function property(key: string): Segment {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** A name that is no identifier may be anything: an address of a customer, a token. */
function withoutData(segment: Segment): Segment {
  return segment.startsWith('["') ? '["…"]' : segment;
}

function at(path: readonly Segment[]): string {
  return path.length === 0 ? "" : ` at ${path.join("").replace(/^\./, "")}`;
}
