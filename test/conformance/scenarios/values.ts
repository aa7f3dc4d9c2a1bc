/** What a step's result is when it comes back, and what `run` may return (runtime.md §8). */
import { localDefect, onPurpose, topic, type Scenario } from "../scenario.ts";

type Draft = Parameters<typeof topic>[1][number];

const returns = (name: string, expression: string, differences: Scenario["differences"] = []): Draft => ({
  name: `value-${name}`,
  run: `await caught(step.do("make", once, async () => (${expression})));`,
  differences,
});

const outputs = (name: string, expression: string, differences: Scenario["differences"] = []): Draft => ({
  name: `output-${name}`,
  run: `return ${expression};`,
  differences,
});

const REFUSED =
  "What cannot be stored fails in one way, which can be caught and is not retried; the local engine has three, by where it fails";

/** Fails at the RPC boundary of the local engine: can be caught there too, and is retried. */
const refused = [onPurpose(["seen", "events"], "§8.1, §24", `${REFUSED}.`)];
/** Aborts the instance there. */
const aborts = [onPurpose(["seen", "status", "error", "events"], "§8.1, §24", `${REFUSED}; this one ends the instance there.`)];
const badOutput = [
  onPurpose(
    ["error", "events"],
    "§8.1",
    "The instance fails on both; stepwell's error says that it was the output that could not be stored.",
  ),
];
const CYCLE = "Structured clone allows cycles; the local engine stores the value and then fails to log it as JSON.";

export const values: readonly Scenario[] = topic("values", [
  returns("undefined", "undefined"),
  returns("null", "null"),
  returns("booleans", "[true, false]"),
  returns("numbers", "[0, -0, 1.5, NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER]"),
  returns("bigint", "[0n, -12345678901234567890n]"),
  returns("strings", `["", "ä€😀", "\\u0000\\n", "a\\ud800b".length]`),
  returns("date", "[new Date(0), new Date(1700000000123), new Date(NaN)]"),
  returns("map", `new Map([["a", 1], ["b", new Map([[1, new Set([2])]])]])`),
  returns("set", `new Set([1, "1", null, undefined])`),
  returns("regexp", "[/a+/gi, /[\\/]/]"),
  returns("array-buffer", "new Uint8Array([1, 2, 255]).buffer"),
  returns("bytes", "new Uint8Array([1, 2, 255])"),
  returns("cut-view", "new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]).subarray(2, 4)"),
  returns("typed-arrays", "[new Int16Array([-1, 300]), new Float64Array([0.5]), new BigInt64Array([1n])]"),
  returns("data-view", "new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)"),
  returns("sparse-array", "[1, , 3]"),
  returns("undefined-property", "({ a: undefined, b: 1 })"),
  returns("headers", `new Headers({ "x-one": "1", "x-two": "2" })`),
  returns("error-value", `[new RangeError("r"), new Error("e"), new TypeError("t")]`),
  returns("null-prototype", "Object.assign(Object.create(null), { a: 1 })", [
    onPurpose(
      ["seen", "events", "log"],
      "§8.1",
      "Structured clone takes an object without a prototype, and so does stepwell; the local engine's RPC does not.",
    ),
  ]),
  returns("nested-deep", "({ a: [{ b: [{ c: [{ d: new Date(1) }] }] }] })"),
  {
    name: "value-array-properties",
    run: `
      const match = await step.do("match", async () => "xabc".match(/b/));
      see(match.index, match.input, Object.keys(match));
      const list = await step.do("list", async () => Object.assign([1, 2], { total: 7, nested: [Object.assign([], { deep: new Date(0) })] }));
      see(list.total, list.nested[0].deep, Object.keys(list));
    `,
  },
  {
    name: "value-proto-key",
    run: `
      const made = await step.do("make", async () => JSON.parse('{"a": 1, "__proto__": {"polluted": 1}, "b": 2}'));
      see(Object.keys(made), Object.hasOwn(made, "__proto__"), made.polluted, {}.polluted);
    `,
  },
  returns("symbol-key", `({ [Symbol("s")]: 1, a: 1 })`),
  returns("very-sparse-array", `Object.assign([1], { 100000: 2 }).length`),
  returns("array-function-property", "Object.assign([1], { on() {} })", aborts),
  returns("class-instance", "new (class Foo { constructor() { this.a = 1; } })()", refused),
  returns("url", `new URL("https://example.com/")`, refused),
  returns("symbol", `Symbol("s")`, refused),
  returns("cycle", "(() => { const a = {}; a.self = a; return a; })()", [localDefect(["seen", "events", "log"], "§8.1", CYCLE)]),
  returns("shared-reference", "(() => { const a = { n: 1 }; return [a, a]; })()"),
  returns("function-property", "({ a: 1, f() {} })", aborts),
  returns("rpc-target", "new (class extends RpcTarget {})()", aborts),
  returns("response", `new Response("x")`, aborts),
  returns("long-string", `"x".repeat(900_000)`),
  {
    name: "value-mebibyte",
    run: `
      const sizes = { bytes: () => new Uint8Array(1_000_000), lines: () => "\\n".repeat(600_000), han: () => "漢".repeat(360_000) };
      for (const [name, make] of Object.entries(sizes)) see(await step.do(name, once, async () => make()).then((x) => x.byteLength ?? x.length));
    `,
  },
  returns("too-long", `"x".repeat(1_500_000)`, [
    onPurpose(["seen", "events", "log"], "§8.2", "A step's result may have 1 MiB, as documented; the local engine takes more."),
  ]),
  {
    name: "value-is-a-copy",
    run: `
      const kept = { n: 1 };
      const copy = await step.do("make", async () => kept);
      kept.n = 2;
      see(copy, copy === kept);
    `,
  },
  {
    name: "value-unserialisable-retries",
    run: `await caught(step.do("make", retries(2), async ({ attempt }) => (see(attempt), new (class Foo {})())));`,
    differences: [onPurpose(["seen", "events", "log"], "§24", `${REFUSED}. Trying again would not change the value.`)],
  },
  outputs("undefined", "undefined"),
  outputs("null", "null"),
  outputs("number", "42"),
  outputs("string", `"done"`),
  outputs("object", `{ a: [1, "2", null], b: { c: true } }`),
  outputs("undefined-property", "{ a: undefined, b: 1 }"),
  outputs("map", `new Map([["a", 1]])`),
  outputs("date", "new Date(0)"),
  outputs("bigint", "{ n: 5n }"),
  outputs("bytes", "{ bytes: new Uint8Array(3), buffer: new ArrayBuffer(2) }"),
  outputs("nan", "{ n: NaN }"),
  outputs("error", `{ e: new TypeError("t") }`),
  outputs("class-instance", "new (class Foo { constructor() { this.a = 1; } })()", badOutput),
  outputs("function", "{ f() {} }", badOutput),
  outputs("symbol", `Symbol("s")`, badOutput),
  outputs("cycle", "(() => { const a = {}; a.self = a; return a; })()", [
    localDefect(["status", "output", "error", "events"], "§8.1", CYCLE),
  ]),
]);
