/** The list of planted faults is in step with the sources; `npm run mutants` plants them. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { MUTANTS } from "./mutants.ts";

test.for(MUTANTS)("there is one place for: $name", async ({ file, find, replace }) => {
  const source = await readFile(new URL(`../../src/${file}`, import.meta.url), "utf8");
  expect(source.split(find)).toHaveLength(2);
  expect(replace).not.toBe(find);
});

test("there are thirty faults or more, none of them twice", () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  expect(MUTANTS.length).toBeGreaterThanOrEqual(30);
});
