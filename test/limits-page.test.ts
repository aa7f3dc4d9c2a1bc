/** docs/limits.md names every limit, so that a new limit is documented. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../src/engine/state/settings.ts";
import { LIMITS } from "../src/model/limits.ts";

const page = readFileSync(new URL("../docs/limits.md", import.meta.url), "utf8");

test.each([...Object.keys(LIMITS), ...Object.keys(DEFAULT_SETTINGS)])("%s is on the page", (name) => {
  expect(page).toContain(`\`${name}\``);
});

test("a limit that is not there would be missed", () => {
  expect(page).not.toContain("`limitThatDoesNotExist`");
});
