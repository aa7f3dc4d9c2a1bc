/**
 * Answers in JSON. One with a long list, like the log of an instance with thousands of steps, is written some items at a
 * time, as fast as the client takes it, with turns for others in between.
 */

/** Items of a list that are written together. */
const ITEMS = 256;

/** The response that has this body, and headers besides its type. */
export function jsonResponse(body: object, more: Readonly<Record<string, string>> = {}): Response {
  const headers = { "content-type": "application/json", ...more };
  if (!hasLongList(body, DEPTH)) return new Response(JSON.stringify(body), { headers });
  const parts = jsonParts(body, DEPTH);
  const encoder = new TextEncoder();
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    const next = parts.next();
    if (next.done === true) controller.close();
    else controller.enqueue(encoder.encode(next.value));
  };
  return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), { headers });
}

/** Lists are looked for in the envelope, in its result, and in that. */
const DEPTH = 3;

function hasLongList(value: unknown, depth: number): boolean {
  if (Array.isArray(value)) return value.length > ITEMS;
  return depth > 0 && isPlain(value) && Object.values(value).some((each) => hasLongList(each, depth - 1));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** What `JSON.stringify` writes, in parts. */
function* jsonParts(value: unknown, depth: number): Generator<string> {
  if (Array.isArray(value)) {
    yield "[";
    for (let at = 0; at < value.length; at += ITEMS)
      yield `${at === 0 ? "" : ","}${JSON.stringify(value.slice(at, at + ITEMS)).slice(1, -1)}`;
    return yield "]";
  }
  if (depth === 0 || !isPlain(value) || !hasLongList(value, depth)) return yield JSON.stringify(value) ?? "null";
  let between = "{";
  for (const [key, each] of Object.entries(value)) {
    if (each === undefined) continue;
    yield `${between}${JSON.stringify(key)}:`;
    yield* jsonParts(each, depth - 1);
    between = ",";
  }
  yield "}";
}
