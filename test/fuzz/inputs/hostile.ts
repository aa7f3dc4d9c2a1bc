/** What breaks things: numbers at edges, halves of surrogates, names of prototypes, depth and length; and how it gets into a value. */
import fc from "fast-check";

export const TEXTS: readonly string[] = [
  "",
  " ",
  "-",
  "-x",
  ".",
  "..",
  "../../etc/passwd",
  "a/b",
  "a\\b",
  "\0",
  "a\0b",
  "\r\nx: y",
  "\ud800",
  "a\udc00b",
  "\u{1f600}",
  "\u202egnp",
  "\ufeff",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "null",
  "undefined",
  "NaN",
  "Infinity",
  "-1",
  "1e9",
  "0x10",
  "9".repeat(400),
  "'; DROP TABLE instances; --",
  '"',
  "%",
  "%00",
  "%zz",
  "*",
  "?",
  "#",
  "x".repeat(65),
  "x".repeat(300),
  "x".repeat(5_000),
  "2026-01-01T00:00:00Z",
  "+275760-09-13T00:00:00.001Z",
  "0000-00-00",
  "99999999999 years",
  "1e400 seconds",
  "-1 day",
  "* * * * *",
  "99 99 99 99 99",
  "*/0 * * * *",
];

const NUMBERS: readonly number[] = [
  0,
  -0,
  -1,
  0.5,
  1e-300,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53) - 2,
  1e21,
  1e308,
  8.64e15,
  8.64e15 + 1,
];

/** Text of JSON that no value becomes when it is written: it is put in as it is. */
const RAW: readonly string[] = ["1e999", "-1e999", "0.1e-999", "123456789012345678901234567890", "-0"];

const rawJson = (text: string): object => (JSON as unknown as { rawJSON(text: string): object }).rawJSON(text);

const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.constantFrom(...NUMBERS),
  fc.constantFrom(...RAW).map((text) => rawJson(text)),
  fc.constantFrom(null, true, false, [], {}, [[]], [null], { __proto__: null }),
  fc
    .constantFrom('{"__proto__":{"role":"admin"}}', '{"constructor":{"prototype":{"x":1}}}', '{"length":-1}', '{"then":{}}')
    .map(parse),
  fc.integer({ min: 1, max: 80 }).map((depth) => parse("[".repeat(depth) + "]".repeat(depth))),
  fc.string({ unit: "binary", maxLength: 12 }),
);

function parse(text: string): unknown {
  return JSON.parse(text);
}

/** One change of a value: of the node that `at` comes to. */
export interface Mutation {
  readonly how: "replace" | "remove" | "add" | "double" | "wrap";
  readonly at: number;
  readonly name: string;
  readonly value: unknown;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  how: fc.constantFrom("replace", "remove", "add", "double", "wrap"),
  at: fc.nat({ max: 40 }),
  name: fc.constantFrom("__proto__", "constructor", "toString", "id", "name", "extra", "", "\ud800"),
  value: hostile,
});

/** None for about half of all inputs, else up to three. */
export const mutations: fc.Arbitrary<Mutation[]> = fc.oneof(
  fc.constant<Mutation[]>([]),
  fc.array(mutation, { minLength: 1, maxLength: 3 }),
);

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/** The value with its changes. */
export function mutated(value: unknown, changes: readonly Mutation[]): unknown {
  const root: Record<string, unknown> = { value: structuredClone(value) };
  for (const { how, at, name, value } of changes) {
    const put = typeof value === "object" && value !== null && !isRaw(value) ? structuredClone(value) : value;
    const places = [...placesIn(root, "value")];
    const place = places[at % places.length];
    if (place === undefined) continue;
    const { holder, key } = place;
    const held = holder[key];
    if (how === "replace") set(holder, key, put);
    else if (how === "wrap") set(holder, key, [held]);
    else if (how === "remove" && Array.isArray(holder)) holder.splice(Number(key), 1);
    else if (how === "remove") delete holder[key];
    else if (how === "double" && Array.isArray(held)) held.push(...(held as unknown[]));
    else if (isRecord(held)) set(held, name, put);
    else set(holder, key, put);
  }
  return root["value"];
}

function* placesIn(holder: Record<string, unknown>, key: string): Generator<Place> {
  yield { holder, key };
  const held = holder[key];
  if (typeof held === "object" && held !== null && !isRaw(held))
    for (const below of Object.keys(held)) yield* placesIn(held as Record<string, unknown>, below);
}

function isRaw(value: object): boolean {
  return (JSON as unknown as { isRawJSON(value: object): boolean }).isRawJSON(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isRaw(value);
}

/** Also of the name `__proto__`, as `JSON.parse` does. */
function set(holder: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}
