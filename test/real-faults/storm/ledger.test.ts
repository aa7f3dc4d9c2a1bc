/** The checker of the storm finds what was lost and what was done twice. */
import { expect, test } from "vitest";
import { judge, keptIn, type Output, type Verdict } from "./ledger.ts";

const LINES = ["step 1 0 aa", "step 1 0 ab", "step 1 1 bb", "sent m", "delivered m", "delivered m"];
const OUTPUT: Output = { tokens: "ab bb", events: [3, 5] };

function verdict({
  lines = LINES,
  output = OUTPUT,
  sent = [3, 5],
}: Partial<Record<"lines", string[]> & { output: Output | null; sent: number[] }>): Verdict {
  return judge(lines, new Map(output === null ? [] : [["1", output]]), new Map([["1", sent]]));
}

test("a create, two steps, two events and a message that are as they should be are six operations", () => {
  expect(verdict({})).toEqual({ lost: [], doubled: [], operations: 6 });
});

test.each<[string, Parameters<typeof verdict>[0], "lost" | "doubled", string]>([
  ["an instance that is gone", { output: null }, "lost", "instance 1 has not completed"],
  ["a result of an attempt that does not count", { output: { ...OUTPUT, tokens: "aa bb" } }, "lost", "other results"],
  ["a step that runs again after a later one", { lines: [...LINES, "step 1 0 ac"] }, "doubled", "step 0 of 1 ran again"],
  ["a step that is passed over", { lines: ["step 1 0 ab", "step 1 2 cc"] }, "lost", "step 1 of 1 never ran"],
  ["an acknowledged event that never arrived", { sent: [3, 4, 5] }, "lost", "never got event 4"],
  ["an event that arrives twice", { output: { ...OUTPUT, events: [3, 3] } }, "doubled", "event 3 after 3"],
  ["a message that is not delivered", { lines: [...LINES, "sent n"] }, "lost", "message n was never delivered"],
  ["an instance that nothing has created", { lines: [...LINES, "step 2 0 zz"] }, "doubled", "instance 2 ran without"],
])("%s is found", (_, given, where, text) => {
  expect(verdict(given)[where].join()).toContain(text);
});

test("of what a binding keeps under an id the last counts", () => {
  expect(keptIn(["kept kv 1 a", "kept r2 1 b", "kept kv 1 c"])).toEqual([
    { kind: "kv", id: "1", token: "c" },
    { kind: "r2", id: "1", token: "b" },
  ]);
});
