/** What is answered when code does not load. */
import { expect, test } from "vitest";
import { Failure } from "../../model/failures/failure.ts";
import { noVault } from "../../noop/vault.ts";
import { openMemoryStore } from "../../stores/memory/open.ts";
import { contentHash, versionMaker } from "./publisher.ts";
import { systemClock } from "../../system/clock.ts";
import { systemIds } from "../../system/ids.ts";

const parts = { clock: systemClock, ids: systemIds };

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
  const making = versionMaker({ ...parts, catalog, vault: noVault, load }, positions)(WANTED);
  await expect(making).rejects.toMatchObject({ failure: "script.invalid", detail });
  expect((await catalog.scriptVersions("shop", 0, 1)).total).toBe(0);
});

test.each(["raw", "mapped"] as const)("a sentence stays one, with places %s", async (positions) => {
  const { catalog } = openMemoryStore();
  const detail = "The Worker's top level did not finish within 3000 ms";
  const load = (): Promise<never> => Promise.reject(new Failure("script.invalid", { detail }));
  const making = versionMaker({ ...parts, catalog, vault: noVault, load }, positions)(WANTED);
  await expect(making).rejects.toMatchObject({ failure: "script.invalid", detail });
});

test.each([
  { type: "secret_text", name: "S", text: "" },
  { type: "hyperdrive", name: "DB", id: "db", connection: "" },
] as const)("a secret is no part of the hash of a version: $type", (binding) => {
  const field = "text" in binding ? "text" : "connection";
  const hashes = ["one", "two"].map((secret) => contentHash({ ...WANTED, bindings: [{ ...binding, [field]: secret }] }));
  expect(new Set(hashes).size).toBe(1);
});

test("what is wanted again as it was is not loaded again, and anything else is", async () => {
  const { catalog } = openMemoryStore();
  const loaded: string[] = [];
  const load = async ({ code }: { code: string }): Promise<void> => void loaded.push(code);
  const make = versionMaker({ ...parts, catalog, vault: noVault, load }, "raw");
  const first = await make(WANTED);
  expect(await make({ ...WANTED, bindings: [] })).toBe(first);
  expect(loaded).toEqual(["the code"]);
  expect((await make({ ...WANTED, code: "other" })).id).not.toBe(first.id);
  expect(loaded).toEqual(["the code", "other"]);
});
