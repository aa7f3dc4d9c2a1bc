/** What can be stored, and how it is shown where there is only JSON. */
import { serialize } from "node:v8";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../limits.ts";
import { areTooLarge, decode, encode, isTooLarge, toJson, toLogText, Unserialisable } from "./value.ts";
import { cloneBytes } from "./bytes.ts";

test("a part of a Buffer is stored as bytes, without Node's deprecated constructor", () => {
  class Pooled extends Uint8Array {
    static made = 0;
    constructor(...args: [ArrayBuffer, number?, number?]) {
      super(...args);
      Pooled.made += 1;
    }
  }
  const view = new Pooled(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2);
  expect(decode(encode(view))).toEqual(new Uint8Array([2, 3]));
  expect(Pooled.made).toBe(1);
});

test("the JSON form leaves out what is undefined", () => {
  expect(Object.keys(toJson(encode({ a: undefined, b: [undefined, 1], c: { d: undefined } })) as object)).toEqual(["b", "c"]);
  expect(toJson(encode({ b: [undefined, 1], c: { d: undefined } }))).toStrictEqual({ b: [null, 1], c: {} });
});

/** Few objects, each of which comes twice in the next. */
function doubled(innermost: unknown): unknown {
  let value = innermost;
  for (let level = 0; level < 40; level += 1) value = [value, value];
  return value;
}

test("parts that come again and again are stored once, and shown as far as there is room", () => {
  expect(encode(decode(encode(doubled(1))))).toBe(encode(doubled(1)));
  expect(encode(doubled(1)).length).toBeLessThan(1_000);
  expect(toLogText(encode(doubled(new Map())))).toContain("Larger than can be shown");
  const text = "x".repeat(LIMITS.valueBytes / 2);
  const texts = JSON.stringify(toJson(encode([undefined, ...Array.from({ length: 10_000 }, () => text)])));
  expect(texts.length).toBeLessThan(2 * LIMITS.valueText);
});

test("an array that has little but holes is not written out", () => {
  const sparse: unknown[] = [];
  sparse.length = 2 ** 32 - 1;
  expect(toJson(encode({ a: 1, sparse }))).toEqual({ a: 1, sparse: "[Larger than can be shown]" });
});

test("numbers are shown with all their digits, as far as there is room", () => {
  const numbers = [10n ** 20n, -(2n ** 1_100n), 10n ** 9_000n];
  expect(toJson(encode(numbers))).toEqual(numbers.map((each) => `[BigInt(${each})]`));
  expect(toJson(encode(10n ** 20_000n))).toBe("[BigInt(more than 10000 digits)]");
  const shown = toJson(encode(Array(100_000).fill(10n ** 9_000n))) as string[];
  expect(JSON.stringify(shown).length).toBeLessThan(2 * LIMITS.valueText);
  expect(shown.at(-1)).toBe("[Larger than can be shown]");
});

test.each(["{", "", "=", "=[[", "=[[9]]", '=[["BigInt","x"]]', "=+[]", '=+[[1,2],1,["Set",3],[1,4,1],"k"]', '=[["RegExp","("]]'])(
  "a text that no value was made into, %j, is shown as a note",
  (text) => {
    expect(toJson(text)).toBe("[Not a value]");
    expect(typeof toLogText(text)).toBe("string");
  },
);

test("a plain value in which a long text comes again and again is encoded once", () => {
  const long = "x".repeat(100_000);
  const keyed = { [long]: 1 };
  const text = encode({ all: Array(1_000).fill(long), key: Array.from({ length: 1_000 }, () => keyed) });
  expect(text.length).toBeLessThan(LIMITS.valueText);
  expect((decode(text) as { all: string[] }).all).toHaveLength(1_000);
});

test("what fills a value to its limit is shown as it is", () => {
  const none = Array.from({ length: 1_000_000 }, () => undefined);
  expect(isTooLarge(encode(none))).toBe(false);
  expect(toJson(encode(none))).toHaveLength(1_000_000);
});

test("an error within its own cause can be read", () => {
  const error = new Error("outer");
  error.cause = { again: error };
  expect(decode(encode({ error }))).toMatchObject({ error: { message: "outer", cause: { again: { message: "outer" } } } });
});

test.each([new URL("https://example.com/"), { at: new URLSearchParams("a=1") }])("%s is refused, as by Cloudflare", (value) => {
  expect(() => encode(value)).toThrow(Unserialisable);
});

describe("kept as by structured clone", () => {
  const key = fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.constantFrom("__proto__", "index", "toString", "constructor", "0", "01", "-1"),
  );
  const named = fc.dictionary(key, fc.integer(), { maxKeys: 3 });
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withTypedArray: true,
        withSparseArray: true,
      }),
      // Own properties, whatever they are called: `fromEntries` and JSON.parse define them.
      fc.array(fc.tuple(key, tie("value")), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
      fc.tuple(fc.array(tie("value"), { maxLength: 3 }), named, tie("value")).map(([items, more, last]) => {
        for (const [name, item] of Object.entries({ ...more, last }))
          Object.defineProperty(items, name, { value: item, enumerable: true, configurable: true, writable: true });
        return items;
      }),
    ),
  }));

  test("what is decoded is what was encoded, with properties of arrays and keys of any name", () => {
    fc.assert(
      fc.property(value, (made) => {
        const text = encode(made);
        // The oracle knows no class, and has no null for a prototype.
        expect(properties(decode(text))).toStrictEqual(properties(made));
        expect(encode(decode(text))).toBe(text);
        expect(({} as { a?: unknown }).a).toBeUndefined();
      }),
    );
  });

  test("properties of arrays that lead back to the array", () => {
    const list: unknown[] & { self?: unknown; other?: unknown } = [1];
    list.self = { list };
    list.other = Object.assign([list], { at: new Date(5) });
    const back = decode(encode(new Map([["key", list]]))) as Map<string, typeof list>;
    const again = back.get("key") as typeof list;
    expect((again.self as { list: unknown }).list).toBe(again);
    expect((again.other as unknown[])[0]).toBe(again);
    expect((again.other as { at?: unknown }).at).toEqual(new Date(5));
  });

  test("a key `__proto__` is an own one, in its place, and pollutes nothing", () => {
    for (const more of [1, undefined, new Date(1)]) {
      const made: unknown = Object.assign(JSON.parse('{"a":1,"__proto__":{"polluted":true},"b":2}') as object, { more });
      const back = decode(encode(made)) as object;
      expect(Object.keys(back)).toEqual(["a", "__proto__", "b", "more"]);
      expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
      expect((back as { polluted?: unknown }).polluted).toBeUndefined();
      expect(JSON.stringify(toJson(encode(made)))).toContain('"__proto__":{"polluted":true}');
    }
  });

  test("sparse arrays stay sparse, symbols as keys are left out", () => {
    const sparse: unknown[] & { total?: number } = [1];
    sparse[1_000_000] = 2;
    sparse.total = 7;
    const back = decode(encode(sparse)) as typeof sparse;
    expect([back.length, back.total, Object.keys(back)]).toEqual([1_000_001, 7, ["0", "1000000", "total"]]);
    expect(decode(encode({ [Symbol("s")]: 1, a: 1 }))).toEqual({ a: 1 });
  });

  test("an array shows as its items where there is only JSON", () => {
    expect(toJson(encode("xabc".match(/b/)))).toEqual(["b"]);
    expect(toLogText(encode("xabc".match(/b/)))).toBe('["b"]');
  });

  test("properties of arrays that are nested without end are shown as far as there is sense in it", () => {
    let deep: unknown = "core";
    for (let i = 0; i < 5_000; i += 1) deep = Object.fromEntries([["__proto__", Object.assign([], { deep })]]);
    const back = decode(encode(deep)) as { __proto__: unknown };
    expect(Object.keys(back)).toEqual(["__proto__"]);
    expect(() => JSON.stringify(toJson(encode(deep)))).not.toThrow();
  });
});

describe("refused with class and path", () => {
  class HeadResult {}
  test.each<[unknown, string]>([
    [new HeadResult(), 'Could not serialize object of type "HeadResult"'],
    [{ list: [1, { head: new HeadResult() }] }, 'Could not serialize object of type "HeadResult" at list[1].head'],
    [Object.assign([], { on: () => 1 }), "Could not serialize a function at on"],
    [[Object.assign([], { deep: [HeadResult] })], "Could not serialize a class at [0].deep[0]"],
    [new Map([["secret", { a: Symbol("s") }]]), "Could not serialize a symbol at values()[0].a"],
    [new Set([Promise.resolve()]), 'Could not serialize object of type "Promise", which must be awaited first at values()[0]'],
    [new Error("x", { cause: { r: new Response() } }), 'Could not serialize object of type "Response" at cause.r'],
    [[{ "a b": new URL("https://example.com/") }], 'Could not serialize object of type "URL" at [0]["a b"]'],
  ])("%o", (value, message) => {
    expect(() => encode(value)).toThrow(expect.objectContaining({ name: "Unserialisable", message }));
  });

  test("without names that may be data, for what is secret", () => {
    const of = (value: unknown): string => {
      try {
        return encode(value);
      } catch (cause) {
        return (cause as Unserialisable).redacted;
      }
    };
    expect(of({ people: { "ada@example.com": [() => 1] } })).toBe('Could not serialize a function at people["…"][0]');
    expect(
      of({
        at: new Date(0),
        get a(): unknown {
          throw new Error("kumquat");
        },
      }),
    ).toBe("Could not serialize the value");
  });
});

describe("sizes are those of the value", () => {
  const MIB = LIMITS.valueBytes;
  const VERSION_BYTES = 2;

  test.each<[string, (n: number) => unknown, number]>([
    ["bytes in a list", (n) => [new Uint8Array(n)], MIB - 21],
    ["floats", (n) => new Float64Array(n / 8), MIB],
    ["line feeds", (n) => "\n".repeat(n), MIB - 4],
    ["control characters", (n) => "\0".repeat(n), MIB - 4],
    ["Latin-1", (n) => ["é".repeat(n)], MIB - 9],
    ["Han", (n) => ["漢".repeat(n)], MIB / 2 - 5],
    ["true", (n) => Array.from({ length: n }, () => true), MIB - 9],
    ["undefined", (n) => Array.from({ length: n }, () => undefined), MIB - 9],
  ])("%s", (_, make, most) => {
    expect([isTooLarge(encode(make(most))), isTooLarge(encode(make(most + 8)))]).toEqual([false, true]);
  });

  test.each<[string, (n: number) => unknown]>([
    ["an array of bytes", (n) => new Uint8Array(n)],
    ["a view of some", (n) => new Uint8Array(n + 100).subarray(50, 50 + n)],
    ["a buffer", (n) => new ArrayBuffer(n)],
    ["a text", (n) => "x".repeat(n)],
    ["line feeds", (n) => "\n".repeat(n)],
    ["a text of Latin-1", (n) => "é".repeat(n)],
    ["a text of Han characters", (n) => "漢".repeat(Math.ceil(n / 2))],
  ])("of %s, those alone", (_, make) => {
    expect([isTooLarge(encode(make(MIB))), isTooLarge(encode(make(MIB + 1)))]).toEqual([false, true]);
  });

  test.each([
    [false, 0],
    // What V8 writes of holes depends on how the array was made.
    [true, 16],
  ])("are those of V8 (with holes: %s)", (withSparseArray, off) => {
    const made = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withSparseArray });
    fc.assert(
      fc.property(made, (each) => {
        // V8 may have made a small integer as a double, and writes nine bytes for that: a copy has none of these.
        const missing = serialize(structuredClone(each)).length - VERSION_BYTES - cloneBytes(each);
        return missing >= -off && missing <= off + INDEX_BYTES * itemsIn(each);
      }),
    );
  });

  test("what no runtime of ours has made is too large, whatever it is", () => {
    const long = " ".repeat(MIB);
    for (const text of [`=${long}`, `=[[1]${long}`, `=+[1]${long}`, `{${long}`, "x".repeat(LIMITS.valueText + 1)])
      expect(isTooLarge(text)).toBe(true);
  });

  test("a text or a number that comes again and again is counted until the value is too large, and no further", () => {
    const again = (part: string): string => `=[[${"1,".repeat(300_000)}1],${part}]`;
    expect(isTooLarge(again(`"${"x".repeat(600_000)}"`))).toBe(true);
    expect(isTooLarge(again(`["BigInt","${"9".repeat(600_000)}"]`))).toBe(true);
    expect(isTooLarge(`=[["BigInt","${"9".repeat(4_000_000)}"]]`)).toBe(true);
  });

  test("the beginning of a log text is that of the whole, and what comes behind it need not be looked at", () => {
    const made = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withSparseArray: true });
    fc.assert(
      fc.property(made, fc.integer({ min: 0, max: 40 }), (each, wanted) => {
        const text = encode([undefined, each]);
        const [whole, some] = [toLogText(text), toLogText(text, wanted)];
        return whole.slice(0, wanted) === some.slice(0, wanted) && whole.length > wanted === some.length > wanted;
      }),
    );
    for (const one of [{}, [], 1, { a: [{}] }]) {
      const many = encode([undefined, ...Array.from({ length: 100_000 }, () => structuredClone(one))]);
      expect(toLogText(many, LIMITS.logOutput).length).toBeLessThan(20 * LIMITS.logOutput);
    }
  });

  test("values that come together are counted together", () => {
    const lines = encode("\n".repeat(100_000));
    expect([areTooLarge(Array(10).fill(lines)), areTooLarge(Array(11).fill(lines))]).toEqual([false, true]);
  });
});

/** An array that V8 has made with room for more is written as if it had holes: each item with its index. */
const INDEX_BYTES = 4;

function itemsIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const inside = value instanceof Map || value instanceof Set ? [...value] : Object.values(value);
  return (Array.isArray(value) ? value.length : 0) + inside.reduce<number>((sum, each) => sum + itemsIn(each), 0);
}

/** A value by its own properties, as lists: an oracle that no prototype deceives. */
function properties(value: unknown, above: readonly unknown[] = []): unknown {
  if (typeof value !== "object" || value === null) return value;
  const again = above.indexOf(value);
  if (again >= 0) return { again };
  const inner = (each: unknown): unknown => properties(each, [...above, value]);
  const tag = Object.prototype.toString.call(value);
  if (value instanceof Map) return [tag, [...value].map(([key, item]) => [inner(key), inner(item)])];
  if (value instanceof Set) return [tag, [...value].map(inner)];
  if (value instanceof Date) return [tag, value.getTime()];
  if (ArrayBuffer.isView(value)) return [tag, [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)]];
  return [tag, Array.isArray(value) ? value.length : 0, Object.keys(value).map((key) => [key, inner((value as never)[key])])];
}
