/** Changes that run at once: each is decided on what the others have left, and none holds up another. */
import { beforeEach, expect, test } from "vitest";
import { LIMITS } from "../../model/limits.ts";
import type { Catalog } from "../../ports/catalog/catalog.ts";
import { noVault } from "../../noop/vault.ts";
import { openMemoryStore } from "../../stores/memory/open.ts";
import type { DeployParts } from "../versions/parts.ts";
import { versionMaker, type Publisher } from "../versions/publisher.ts";
import { change } from "./change.ts";
import { changeSecrets } from "./change-secrets.ts";
import { deployVersion } from "./deploy-version.ts";
import { putWorkflow } from "./put-workflow.ts";
import { makeConcurrencyKey } from "./concurrency-keys.ts";
import { systemClock } from "../../system/clock.ts";
import { systemIds } from "../../system/ids.ts";

const WANTED = { code: "the code", bindings: [], compatibilityFlags: [] };

let catalog: Catalog;

const partsOf = (of: Catalog): DeployParts => ({ catalog: of, clock: systemClock, ids: systemIds });

beforeEach(() => {
  ({ catalog } = openMemoryStore());
});

const publisher = (load: (version: { script: string; bindings: readonly unknown[] }) => Promise<void>): Publisher => ({
  ...partsOf(catalog),
  vault: noVault,
  load,
});

/** Makes a version of a script the active one. */
async function deployed(script: string): Promise<void> {
  const version = await versionMaker(
    publisher(async () => {}),
    "raw",
  )({ ...WANTED, script });
  await catalog.commit([{ type: "version", version }]);
  await deployVersion(partsOf(catalog), script, version.id, {});
}

const secretsOf = async (script: string): Promise<string[]> =>
  (await catalog.activeScript(script))?.bindings.map(({ name }) => name).sort() ?? [];

const put = (into: Publisher, script: string, name: string): Promise<unknown> =>
  changeSecrets(into, { script, changes: { [name]: "text" }, annotations: {}, isDeployed: true });

test("secrets that are set at once are all there", async () => {
  await deployed("shop");
  const names = Array.from({ length: 12 }, (_, i) => `S${10 + i}`);
  await Promise.all(
    names.map((name) =>
      put(
        publisher(async () => {}),
        "shop",
        name,
      ),
    ),
  );
  expect(await secretsOf("shop")).toEqual(names);
});

test("attempts that were too late leave no version behind", async () => {
  await deployed("shop");
  await Promise.all(
    ["A", "B", "C"].map((name) =>
      put(
        publisher(async () => {}),
        "shop",
        name,
      ),
    ),
  );
  expect((await catalog.scriptVersions("shop", 0, 9)).total).toBe(4);
});

test("a script that takes long to load holds up nothing, and is not loaded again for the change of another", async () => {
  await deployed("slow");
  await deployed("quick");
  const loading = Promise.withResolvers<void>();
  const loaded: string[] = [];
  const load = async ({ script }: { script: string }): Promise<void> => {
    loaded.push(script);
    if (script === "slow") await loading.promise;
  };
  const slow = put(publisher(load), "slow", "A");
  await put(publisher(load), "quick", "B");
  expect(await secretsOf("quick")).toEqual(["B"]);
  expect(await secretsOf("slow")).toEqual([]);
  loading.resolve();
  await slow;
  expect(await secretsOf("slow")).toEqual(["A"]);
  expect(loaded).toEqual(["slow", "quick"]);
});

test("a script that was deleted while its code was loaded does not come back", async () => {
  await deployed("shop");
  const loading = Promise.withResolvers<void>();
  const late = put(
    publisher(() => loading.promise),
    "shop",
    "A",
  );
  await catalog.commit([{ type: "script_removal", script: "shop" }]);
  loading.resolve();
  await expect(late).rejects.toMatchObject({ failure: "script.not_found" });
  expect(await catalog.scriptNames()).toEqual([]);
});

test("a version of a deleted script is not deployed for the next script of its name", async () => {
  await deployed("shop");
  const [first] = (await catalog.scriptVersions("shop", 0, 1)).items;
  const id = first?.id ?? "";
  await putWorkflow(partsOf(catalog), { name: "orders", className: "Order", script: "shop" }, {});
  let replaced: Promise<void> | undefined;
  const replace = async (): Promise<void> => {
    await catalog.commit([{ type: "script_removal", script: "shop" }]);
    await deployed("shop");
  };
  const busy: Catalog = { ...catalog, scriptVersion: (of) => (replaced ??= replace()).then(() => catalog.scriptVersion(of)) };
  const [late] = await Promise.allSettled([deployVersion(partsOf(busy), "shop", id, {})]);
  expect(late).toMatchObject({ status: "rejected", reason: { failure: "script.version_not_found" } });
  // Its instances still need the version: it is kept, and found by its id.
  expect(await catalog.scriptVersion(id)).toBeDefined();
  const { items } = await catalog.deployments("shop", 0, 9);
  expect(items.map(({ versionId }) => versionId)).not.toContain(id);
  expect((await catalog.activeScript("shop"))?.id).toBe(items[0]?.versionId);
});

test("a version is not deployed that lacks a class which a deployment at the same time has made a class of objects", async () => {
  const make = versionMaker(
    publisher(async () => {}),
    "raw",
  );
  const version = await make({ ...WANTED, exports: ["default"], script: "shop" });
  await deployed("shop");
  await catalog.commit([{ type: "version", version }]);
  const [, late] = await Promise.allSettled([
    change(catalog, async () => {
      const classes = { tag: "v1", namespaces: { Counter: "n1" } };
      return { edits: [{ type: "object_classes", script: "shop", classes }], result: undefined };
    }),
    deployVersion(partsOf(catalog), "shop", version.id, {}),
  ]);
  expect(late).toMatchObject({ status: "rejected", reason: { failure: "objects.class_missing" } });
  expect((await catalog.activeScript("shop"))?.id).not.toBe(version.id);
});

test("a limit holds for changes that run at once", async () => {
  const make = (name: string): Promise<unknown> => makeConcurrencyKey(partsOf(catalog), { name, limit: 1 });
  for (let i = 1; i < LIMITS.concurrencyKeys; i += 1) await make(`k${i}`);
  const results = await Promise.allSettled([make("a"), make("b"), make("c")]);
  expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
  expect(await catalog.concurrencyKeys()).toHaveLength(LIMITS.concurrencyKeys);
});

test("a change that others always overtake fails, and has changed nothing", async () => {
  let attempts = 0;
  const overtaken = change(catalog, async () => {
    attempts += 1;
    await catalog.commit([{ type: "made_worker", worker: { name: "other", createdAt: attempts } }]);
    return { edits: [{ type: "made_worker", worker: { name: "mine", createdAt: 1 } }], result: undefined };
  });
  await expect(overtaken).rejects.toMatchObject({ failure: "catalog.conflict" });
  expect(attempts).toBeGreaterThan(10);
  expect((await catalog.madeWorkers()).map(({ name }) => name)).toEqual(["other"]);
});

test("a change that is refused has changed nothing, and is no reason for the next to fail", async () => {
  await expect(change(catalog, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await change(catalog, async () => ({ edits: [], result: "yes" }))).toBe("yes");
});
