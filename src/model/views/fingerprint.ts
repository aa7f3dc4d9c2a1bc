/**
 * What makes two errors the same one: their name, their message without what differs from time to time, the step that they came
 * from, and the function that threw. What is left of a message is its shape — `card <n> refused by <url>` — and is what people
 * are shown of a group. Of a stack no more takes part than that name: places in the code are others after each deployment.
 */

/** Characters of a message that are looked at: what comes after them tells nothing apart. */
const LOOKED_AT = 500;

/** Characters of a shape. */
const SHAPE = 200;

/** Each kind of thing that differs from time to time, in the order in which they are looked for: the larger before its parts. */
const PLACEHOLDERS: readonly (readonly [pattern: RegExp, placeholder: string])[] = [
  [/\b[a-z][a-z\d+.-]*:\/\/[^\s"'`<>()]+/gi, "<url>"],
  [/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, "<email>"],
  [/"[^"]*"|`[^`]*`|(?<!\w)'[^']*'(?!\w)/g, "<text>"],
  [/\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?/g, "<date>"],
  [/\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/gi, "<uuid>"],
  [/(?<![\w/<])(?:[a-z]:\\|\.{0,2}\/)[\w.@-]+(?:[\\/][\w.@-]+)*[\\/]?/gi, "<path>"],
  // A word of these letters alone, such as "facade", is a word; and of digits alone, a number like any other.
  [/\b(?:0x[\da-f]+|(?=[a-f]*\d)[\da-f]{8,})\b/gi, "<n>"],
  [/\d+(?:[.,]\d+)*/g, "<n>"],
];

/** A message without what differs from time to time. */
export function shapeOf(message: string): string {
  let shape = message.slice(0, LOOKED_AT);
  for (const [pattern, placeholder] of PLACEHOLDERS) shape = shape.replace(pattern, placeholder);
  return shape.replace(/\s+/g, " ").trim().slice(0, SHAPE);
}

/**
 * What an error is known by: 16 hexadecimal digits. `step` is the name of the step that threw it, `frame` the function; null
 * when it was none, or has no name.
 */
export function fingerprint(
  error: { readonly name: string; readonly message: string },
  step: string | null,
  frame: string | null,
): string {
  // Names of steps that code makes in a loop are as different from one another as messages are.
  const parts = [
    error.name,
    shapeOf(error.message),
    step === null ? "" : `in ${shapeOf(step)}`,
    frame === null ? "" : `at ${frame}`,
  ];
  return hash(parts.join("\n"));
}

const OFFSET = 0xcb_f2_9c_e4_84_22_23_25n;
const PRIME = 0x1_00_00_00_01_b3n;

/** FNV-1a in 64 bits, over UTF-16 code units: it need not be cryptographic, as a forged collision gains nothing. */
function hash(text: string): string {
  let state = OFFSET;
  for (let i = 0; i < text.length; i += 1) state = BigInt.asUintN(64, (state ^ BigInt(text.charCodeAt(i))) * PRIME);
  return state.toString(16).padStart(16, "0");
}
