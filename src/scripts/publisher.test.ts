/** What somebody is told of code that does not load. */
import { expect, test } from "vitest";
import { Failure } from "../model/errors.ts";
import { noVault } from "../ports/vault.ts";
import { openMemoryStore } from "../stores/memory/open.ts";
import { Publisher } from "./publisher.ts";

const DETAIL = "TypeError: no\n    at f (index.js:1:2)\n    at index.js:2:1";

const WANTED = {
  script: "shop",
  code: "the code",
  // The first line comes from line 7 of flow.ts, the second from line 8.
  sourceMap: JSON.stringify({ version: 3, sources: ["src/flow.ts"], names: [], mappings: "AAME;AACA" }),
  bindings: [],
  compatibilityFlags: [],
};

test.each([
  ["mapped", "TypeError: no\n    at f (src/flow.ts:7:3)\n    at src/flow.ts:8:3"],
  ["raw", `Uncaught ${DETAIL}`],
] as const)("the whole stack, with places %s, and nothing is stored", async (positions, detail) => {
  const { catalog } = openMemoryStore();
  const load = (): Promise<never> => Promise.reject(new Failure("script.invalid", { detail: DETAIL }));
  const storing = new Publisher({ catalog, vault: noVault, load }).store(WANTED, positions);
  await expect(storing).rejects.toMatchObject({ failure: "script.invalid", detail });
  expect((await catalog.scriptVersions("shop", 0, 1)).total).toBe(0);
});
