/** Values as text: what is encoded comes back, and what was never encoded is refused or shown in a time that its length bounds. */
import assert from "node:assert/strict";
import { deserialize, serialize } from "node:v8";
import fc from "fast-check";
import { areTooLarge, decode, encode, isTooLarge, toJson, toLogText, Unserialisable } from "../../../src/model/values/value.ts";
import { LIMITS } from "../../../src/model/limits.ts";
import { fuzzed, type Target } from "../target.ts";
import { mutated, splinters } from "./mutations.ts";

/** Texts as user code has them, half surrogate pairs among them. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  splinters,
  fc.constantFrom("__proto__", "toJSON", "then", ""),
);

const views = fc
  .tuple(
    fc.constantFrom(Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint32Array, Float32Array, Float64Array, BigInt64Array),
    fc.uint8Array({ maxLength: 24 }),
    fc.nat(2),
  )
  .map(([View, bytes, skipped]) => {
    const buffer = new ArrayBuffer(8 * (bytes.length + skipped));
    new Uint8Array(buffer).set(bytes);
    return new View(buffer, 8 * skipped);
  });

const errors = fc
  .tuple(fc.constantFrom(Error, TypeError, RangeError, SyntaxError, EvalError, URIError), text, fc.option(text))
  .map(([Class, message, cause]) => (cause === null ? new Class(message) : new Class(message, { cause })));

/** All that structured clone knows, as deep as a few levels. */
const values: fc.Arbitrary<unknown> = fc.letrec<{ any: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(
    text,
    fc.double(),
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
    fc.constantFrom(undefined, null, true, false, -0, NaN, Infinity, -Infinity),
    fc.date({ noInvalidDate: false }),
    views,
    fc.uint8Array({ maxLength: 9 }).map(({ buffer }) => buffer),
    fc.constantFrom(/a[b]*/giu, /\//, new DataView(new ArrayBuffer(3))),
    errors,
  ),
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie("leaf"),
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(text, tie("any"), { maxKeys: 4 }),
    fc.dictionary(text, tie("any"), { maxKeys: 3, noNullPrototype: false }),
    fc.array(fc.tuple(tie("any"), tie("any")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("any"), { maxLength: 3 }).map((items) => new Set(items)),
    // Holes, and properties besides the items.
    fc.tuple(fc.nat(300), tie("any"), text).map(([at, item, key]) => {
      const array: unknown[] = [];
      array[at] = item;
      Object.defineProperty(array, `k${key}`, { value: item, enumerable: true, configurable: true, writable: true });
      return array;
    }),
    // The same part twice, and a part of itself.
    tie("any").map((shared) => [shared, { shared }, new Set([shared])]),
    tie("any").map((item) => {
      const map = new Map<unknown, unknown>([["item", item]]);
      map.set("self", { map });
      return map;
    }),
    fc.tuple(fc.nat(60), tie("any")).map(([levels, core]) => {
      let value = core;
      for (let i = 0; i < levels; i += 1) value = i % 2 === 0 ? [value] : { value };
      return value;
    }),
  ),
})).any;

/** A number that is a thousand times as long as what names it, a text that comes again and again, and the like. */
const bombs: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(
      (n: number) => `["BigInt","${"9".repeat(n)}"]`,
      (n: number) => `"${"x".repeat(n)}"`,
      (n: number) => `[-7,${n * 40_000}]`,
      () => `["ArrayBuffer","AAAA"],["Uint8Array",2,0,3]`,
      () => `[1]`,
      () => `["Map",1,1,1,1]`,
      () => `["Set",1,0,1]`,
      () => `["Error",1]`,
      () => `["Headers",1]`,
      () => `["Object",1]`,
      () => `["null","a",1,"constructor",1]`,
      () => `{"a":1,"toJSON":1,"then":1}`,
      () => `["RegExp","(a+)+","g"]`,
    ),
    fc.constantFrom(1, 1_000, 100_000),
    fc.constantFrom(1, 100, 100_000),
    fc.constantFrom("=", "=+", "=[[1],", "=+[[1,2],", ""),
  )
  .map(([part, size, count, begin]) => `${begin}[[${"1,".repeat(count)}1],${part(size)}]`);

const texts = fc.oneof(
  { weight: 6, arbitrary: mutated(values.map(orNull), 6) },
  {
    weight: 2,
    arbitrary: mutated(fc.constantFrom('=[["Map",1,2],"a",[3,-1],{"__proto__":2}]', '=+[[1,2],[],["Set",3],[1,4,0],"length"]')),
  },
  { weight: 1, arbitrary: bombs },
);

function orNull(value: unknown): string {
  try {
    return encode(value);
  } catch {
    return "null";
  }
}

type Input = { readonly value: unknown } | { readonly text: string; readonly use: Use };

/** What decoding may throw: errors of a parser, which callers turn into refusals. */
function read(encoded: string): { readonly value: unknown } | undefined {
  try {
    return { value: decode(encoded) };
  } catch (cause) {
    assert.ok(cause instanceof Error, `decoding threw ${String(cause)}`);
    return undefined;
  }
}

/** Characters that showing may make of a text: a value may name its parts again. */
const MOST_SHOWN = 8 * LIMITS.valueText;

/** What puts values into texts and takes them out again. */
export interface Codec {
  readonly encode: (value: unknown) => string;
  readonly decode: (text: string) => unknown;
}

function comesBack({ encode, decode }: Codec, value: unknown): void {
  let encoded: string;
  try {
    encoded = encode(value);
  } catch (cause) {
    assert.ok(cause instanceof Unserialisable, `encoding threw ${String(cause)}`);
    return;
  }
  const again = decode(encoded);
  // Structured clone says what a copy is; it leaves out what we leave out, stacks aside.
  assert.deepEqual(comparable(again), comparable(deserialize(serialize(value))));
  // Views are cut to their part of a buffer once.
  const settled = encode(again);
  assert.equal(encode(decode(settled)), settled, "a copy of the copy is encoded otherwise");
}

/** Errors by their parts: a copy has the stack of whoever made it. */
function comparable(value: unknown, seen: Map<object, unknown> = new Map()): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  if (value instanceof Error) return { error: value.name, message: value.message, cause: comparable(value.cause, seen) };
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof Date || value instanceof RegExp) return value;
  const parts: unknown[] = [];
  seen.set(value, parts);
  if (value instanceof Map) for (const [key, item] of value) parts.push([comparable(key, seen), comparable(item, seen)]);
  else if (value instanceof Set) for (const item of value) parts.push(comparable(item, seen));
  else for (const key of Object.keys(value)) parts.push([key, comparable((value as Record<string, unknown>)[key], seen)]);
  parts.push(Object.prototype.toString.call(value), Array.isArray(value) && value.length);
  return parts;
}

/** What is done with texts that come from where user code runs. */
const USES = {
  read: (encoded) => void read(encoded),
  measure: (encoded) => void isTooLarge(encoded),
  measureTwo: (encoded) => void areTooLarge([encoded, encoded]),
  show: (encoded) => {
    const shown = JSON.stringify(toJson(encoded)) ?? "";
    assert.ok(shown.length <= MOST_SHOWN, `${encoded.length} characters are shown as ${shown.length}`);
  },
  log: (encoded) => assert.equal(typeof toLogText(encoded, LIMITS.logOutput), "string"),
} satisfies Readonly<Record<string, (encoded: string) => void>>;

type Use = keyof typeof USES;

function isHarmless(encoded: string, use: Use): void {
  USES[use](encoded);
  assert.equal(Reflect.ownKeys(Object.prototype).length, PROTOTYPE_KEYS, "the prototype of all objects has changed");
}

const PROTOTYPE_KEYS = Reflect.ownKeys(Object.prototype).length;

/** The target for a codec. */
export function codecTarget(codec: Codec): Target {
  const open: Target["open"] = (figures) =>
    fuzzed<Input>(
      fc.oneof(
        values.map((value) => ({ value })),
        fc.record({ text: texts, use: fc.constantFrom(...(Object.keys(USES) as Use[])) }),
      ),
      (input) => {
        if ("value" in input) return comesBack(codec, input.value);
        figures(`texts to ${input.use}`);
        return isHarmless(input.text, input.use);
      },
      { found: FOUND },
    );
  return { name: "codec", weight: 1, ciRuns: 2_000, open };
}

/** Inputs that broke a promise once. */
const FOUND: readonly Input[] = [
  // A text, and a number, that come a hundred thousand times: to count or to show each took minutes.
  { text: `=[[${"1,".repeat(300_000)}1],"${"x".repeat(600_000)}"]`, use: "measure" },
  { text: `=[[${"1,".repeat(100_000)}1],["BigInt","${"9".repeat(1_000_000)}"]]`, use: "measure" },
  { text: `=[[${"1,".repeat(100_000)}1],["BigInt","${"9".repeat(100_000)}"]]`, use: "show" },
  { text: `=[["BigInt","${"9".repeat(6_000_000)}"]]`, use: "read" },
  // Nothing that was ever encoded, as a result of a step.
  { text: "{", use: "show" },
];

export const codec: Target = codecTarget({ encode, decode });
