/** Texts and bytes that were something once: cut, repeated, doubled, with parts of others. */
import fc from "fast-check";

/** One edit, by shares of the length. */
interface Edit {
  readonly is: "cut" | "double" | "insert" | "replace" | "swap";
  readonly at: number;
  readonly length: number;
  readonly by: string;
}

/** Characters that mean something somewhere, and such as no keyboard has. */
const SPLINTERS = Array.from("[]{}\"'`,:;=+-*/\\%#@!?&|<>()$~^._ \t\r\n\0\u0001\u00e9\u{1f600}\ud800\udfff\u2028\ufeff\u0660");

const WORDS = [
  "null",
  "-1",
  "-7",
  "1e999",
  "9".repeat(40),
  "__proto__",
  "constructor",
  "true",
  "NaN",
  "\\u0000",
  "0x10",
  "1_000",
];

/** Texts that no grammar has made. */
export const splinters: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom(...SPLINTERS), fc.constantFrom(...WORDS), fc.string({ unit: "binary", maxLength: 4 })), {
    maxLength: 8,
  })
  .map((parts) => parts.join(""));

const edit: fc.Arbitrary<Edit> = fc.record({
  is: fc.constantFrom("cut", "double", "insert", "replace", "swap"),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat(12),
  by: splinters,
});

function edited(text: string, { is, at, length, by }: Edit): string {
  const from = Math.floor(at * text.length);
  const [before, part, after] = [text.slice(0, from), text.slice(from, from + length), text.slice(from + length)];
  switch (is) {
    case "cut":
      return before + after;
    case "double":
      return before + part + part + after;
    case "insert":
      return before + by + part + after;
    case "replace":
      return before + by + after;
    case "swap":
      return after + part + before;
  }
}

/** The texts of an arbitrary, some of them edited. */
export function mutated(texts: fc.Arbitrary<string>, most: number = 4): fc.Arbitrary<string> {
  return fc.tuple(texts, fc.array(edit, { maxLength: most })).map(([text, edits]) => edits.reduce(edited, text));
}

/** Characters of a long text: a parser that takes their square as steps takes seconds. */
const LONG = 100_000;

/** Texts of parts that come again and again: what a parser that goes back and forth takes longest for. */
export function pumped(parts: readonly string[], length: number = LONG): fc.Arbitrary<string> {
  const few = fc.array(fc.constantFrom(...parts), { maxLength: 3 }).map((each) => each.join(""));
  const unit = fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 4 }).map((each) => each.join("") || " ");
  return fc.tuple(few, unit, few).map(([begin, each, end]) => begin + each.repeat(Math.ceil(length / each.length)) + end);
}
