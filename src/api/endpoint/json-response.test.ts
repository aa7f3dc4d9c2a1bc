/** Answers in JSON: whatever their size, they are what `JSON.stringify` says. */
import { expect, test } from "vitest";
import { jsonResponse } from "./json-response.ts";

const items = Array.from({ length: 1_000 }, (_, i) => ({ i, text: "é".repeat(i % 7), none: undefined, date: new Date(i) }));

test.each([
  { result: null },
  { success: true, result: { steps: [], id: "a" } },
  { success: true, result: { steps: items, id: "a", none: undefined, other: items.slice(0, 300), at: new Date(0) } },
  { success: true, result: items, result_info: { count: 2 } },
  { result: { a: { b: { c: items } } } },
  { result: [undefined, ...items] },
])("an answer is what it would be at once (%#)", async (body) => {
  const response = jsonResponse(body);
  expect(response.headers.get("content-type")).toContain("application/json");
  expect(await response.text()).toBe(JSON.stringify(body));
});

test("a long list is written while others get their turns, and no further than it is read", async () => {
  let turns = 0;
  let done = false;
  const tick = (): void => void (done || ((turns += 1), setImmediate(tick)));
  const reader = jsonResponse({ result: { steps: items } }).body?.getReader();
  tick();
  let parts = 0;
  while ((await reader?.read())?.done === false) parts += 1;
  done = true;
  expect(parts).toBeGreaterThan(4);
  expect(turns).toBeGreaterThanOrEqual(parts);
});
