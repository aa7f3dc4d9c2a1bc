/** What is answered when code does not load, and which deployments wait for which. */
import { expect, test } from "vitest";
import { Failure } from "../../model/failures/failure.ts";
import { noVault } from "../../ports/vault.ts";
import { openMemoryStore } from "../../stores/memory/open.ts";
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

test.each(["raw", "mapped"] as const)("a sentence stays one, with places %s", async (positions) => {
  const { catalog } = openMemoryStore();
  const detail = "The Worker's top level did not finish within 3000 ms";
  const load = (): Promise<never> => Promise.reject(new Failure("script.invalid", { detail }));
  const storing = new Publisher({ catalog, vault: noVault, load }).store(WANTED, positions);
  await expect(storing).rejects.toMatchObject({ failure: "script.invalid", detail });
});

test("a script that takes long to load holds up its own next change, and nothing else", async () => {
  const { catalog } = openMemoryStore();
  const loading = Promise.withResolvers<void>();
  const load = ({ script }: { script: string }): Promise<void> => (script === "slow" ? loading.promise : Promise.resolve());
  const publisher = new Publisher({ catalog, vault: noVault, load });
  const done: string[] = [];
  const deploy = (script: string, mark: string): Promise<unknown> =>
    publisher.inTurn(script, async () => {
      const version = await publisher.store({ ...WANTED, script, code: mark }, "raw");
      await publisher.exclusively(() => publisher.activate(version, []));
      done.push(mark);
    });
  const slow = [deploy("slow", "first"), deploy("slow", "second")];
  await deploy("quick", "quick");
  await publisher.exclusively(() => Promise.resolve(done.push("workflow")));
  expect(done).toEqual(["quick", "workflow"]);
  loading.resolve();
  await Promise.all(slow);
  expect(done).toEqual(["quick", "workflow", "first", "second"]);
  expect((await catalog.activeScript("slow"))?.code).toBe("second");
});

test("a change that fails is no reason for the next to", async () => {
  const { catalog } = openMemoryStore();
  const publisher = new Publisher({ catalog, vault: noVault, load: () => Promise.resolve() });
  await expect(publisher.inTurn("shop", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await publisher.inTurn("shop", () => Promise.resolve("yes"))).toBe("yes");
});
