/** What a debugger is shown of the console. */
import { expect, test } from "vitest";
import { unmarked } from "./messages.ts";

const shown = (says: string): unknown =>
  unmarked({ type: "log", args: [{ type: "string", value: `\u0001key\u0001${says}\u0001words \u0001key` }] });

test("a message is shown without its mark, at its level", () => {
  expect(shown('{"level":"warn"}')).toEqual({ type: "warning", args: [{ type: "string", value: "words" }] });
});

test.each(["{", "null", '{"level":5}'])("a mark that a script has forged, %j, is a mark without a level", (says) => {
  expect(shown(says)).toEqual({ type: "log", args: [{ type: "string", value: "words" }] });
});
