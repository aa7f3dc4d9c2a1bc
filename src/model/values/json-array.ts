/**
 * JSON that is long, parsed so that others get their turn in between: an array is taken apart at its elements, and parsed
 * some at a time. Other JSON is parsed at once, which is why only endpoints that take arrays let it be long.
 */

/** Characters that are parsed in one turn, about. */
export const TURN: number = 1024 * 1024;

/**
 * The value of a JSON text. `turn` is called between parts of about `size` characters, and resolves when others have had
 * theirs. Rejects with a `SyntaxError`, as `JSON.parse` throws.
 */
export async function parseJson(text: string, turn: () => Promise<void>, size: number = TURN): Promise<unknown> {
  if (text.length <= size || text[skipSpace(text, 0)] !== "[") return JSON.parse(text);
  const values: unknown[] = [];
  for (const part of arrayParts(text, size)) {
    for (const value of part) values.push(value);
    await turn();
  }
  return values;
}

/** The elements of an array in JSON, as many at a time as have about `size` characters together. Throws as `JSON.parse` does. */
export function* arrayParts(text: string, size: number): Generator<unknown[]> {
  const open = skipSpace(text, 0);
  if (text[open] !== "[") throw new SyntaxError("The text is no array");
  let from = open + 1;
  for (let to = from, done = false; !done;) {
    const start = from;
    do {
      to = elementEnd(text, to);
      done = text[to] !== ",";
      if (!done) to += 1;
    } while (!done && to - start < size);
    const part = text.slice(start, done ? to : to - 1);
    const isWhole = done && start === open + 1;
    if (!isWhole && part.trim() === "") throw new SyntaxError("An element is missing");
    // Checked before the last part is yielded: a caller that has it has the whole array.
    if (done && (text[to] !== "]" || skipSpace(text, to + 1) !== text.length))
      throw new SyntaxError("The array does not end where the text does");
    yield JSON.parse(`[${part}]`) as unknown[];
    from = to;
  }
}

/** Where the element that begins here ends: at the comma or the bracket after it, or at the end of a text that is cut off. */
function elementEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    switch (text[at]) {
      case '"':
        at = stringEnd(text, at + 1);
        break;
      case "[":
      case "{":
        depth += 1;
        break;
      case "]":
      case "}":
        if (depth === 0) return at;
        depth -= 1;
        break;
      case ",":
        if (depth === 0) return at;
        break;
      default:
    }
  }
  return text.length;
}

/** Where the quote is that ends a string of a JSON text whose first character is here; the text's end when there is none. */
function stringEnd(json: string, from: number): number {
  for (let at = json.indexOf('"', from); at >= 0; at = json.indexOf('"', at + 1)) {
    let slashes = 0;
    while (at - slashes > from && json[at - slashes - 1] === "\\") slashes += 1;
    if (slashes % 2 === 0) return at;
  }
  return json.length;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \t\r\n".includes(text[at] ?? "")) at += 1;
  return at;
}
