/** Long JSON: parsed as JSON.parse would, in turns. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJson } from "./json-array.ts";

const parsed = async (text: string, size?: number): Promise<{ value: unknown; turns: number }> => {
  let turns = 0;
  const value = await parseJson(text, async () => void (turns += 1), size);
  return { value, turns };
};

function byJson(text: string): unknown {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return "SyntaxError";
  }
}

async function byTurns(text: string): Promise<unknown> {
  try {
    return { value: (await parsed(text, 0)).value };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    return "SyntaxError";
  }
}

test("an array is parsed some elements at a time, whatever is in them", async () => {
  const element = JSON.stringify({ text: '\\" ],[ '.repeat(40_000), list: [[], {}] });
  const text = `[${Array.from({ length: 20 }, () => element).join(", ")}]`;
  const { value, turns } = await parsed(text);
  expect(value).toEqual(JSON.parse(text));
  expect(turns).toBeGreaterThan(3);
});

test.each([
  "[]",
  "[ ]",
  "[1]",
  "[1,]",
  "[,1]",
  "[1,,2]",
  "[1 2]",
  "[1]]",
  "[1] x",
  "[1",
  '["a',
  "[{]}",
  "{}",
  "1",
  "[[1],[2]]",
  "[}",
])("%s is what JSON.parse says it is", async (text) => {
  expect(await byTurns(text)).toEqual(byJson(text));
});

test("so is any other text", async () => {
  const text = fc.oneof(
    fc.array(fc.jsonValue()).map((value) => JSON.stringify(value)),
    fc
      .array(fc.constantFrom("[", "]", "{", "}", ",", '"', "\\", "1", ":", " "), { maxLength: 12 })
      .map((parts) => `[${parts.join("")}]`),
  );
  await fc.assert(
    fc.asyncProperty(text, async (each) => {
      expect(await byTurns(each)).toEqual(byJson(each));
    }),
    { numRuns: 2_000 },
  );
});
