/** Why a script does not load, from what workerd says of it: as V8 writes a stack, with the places in the code that was loaded. */

/** What modules are below under `new_module_registry`, the default since 2026-11-17. */
const ROOT = "file:///bundle/";

const PREFIX = /^Failed to start Worker:\s*(?:Uncaught )?/;

/** `  at index.js:2:22 in f`, or without a name. */
const FRAME = /^[ \t]+at ([^\s()]+:\d+):(\d+)(?: in (.+))?$/gm;

/** What V8 writes of something thrown that is no error and no text. */
const NO_ERROR = /^(?:null|undefined|true|false|NaN|-?(?:\d[\d.e+]*|Infinity)|#<.*>|Symbol\(.*\))$/;

/** The error and its stack. */
export function describeLoadError(reported: string): string {
  const text = reported.replace(PREFIX, "").replaceAll(ROOT, "");
  // Of a syntax error, workerd counts the columns from 0.
  const from = text.startsWith("SyntaxError") ? 1 : 0;
  const stack = text.replaceAll(FRAME, (_, place: string, column: string, name: string | undefined) => {
    const position = `${place}:${Number(column) + from}`;
    return name === undefined ? `    at ${position}` : `    at ${name} (${position})`;
  });
  if (stack !== text) return stack;
  // What was thrown and is no error has no stack, and comes as one by the plainest name.
  const thrown = text.replace(/^Error: /, "");
  return NO_ERROR.test(thrown) ? `The Worker's top level threw ${thrown}, which is no Error and has no stack` : thrown;
}
