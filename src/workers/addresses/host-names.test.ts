/** Host names and routes follow the catalogue by themselves: no change of it is missed, whatever failed after it. */
import { beforeEach, expect, test } from "vitest";
import type { Catalog } from "../../ports/catalog/catalog.ts";
import { openMemoryStore } from "../../stores/memory/open.ts";
import { HostNames } from "./host-names.ts";

const page = new URL("https://shop.example/page");

let catalog: Catalog;

beforeEach(() => {
  ({ catalog } = openMemoryStore());
});

const named = (script: string): Promise<boolean> => catalog.commit([{ type: "host_names", script, hostNames: ["shop.example"] }]);

test("a committed change counts for the next request", async () => {
  const names = new HostNames(catalog);
  expect(await names.scriptFor(page)).toBeUndefined();
  await named("shop");
  expect(await names.scriptFor(page)).toBe("shop");
  await catalog.commit([{ type: "routes", script: "bank", patterns: ["shop.example/*"] }]);
  expect(await names.scriptFor(page)).toBe("bank");
  await catalog.commit([{ type: "script_removal", script: "bank" }]);
  expect(await names.scriptFor(page)).toBe("shop");
  await catalog.commit([{ type: "script_removal", script: "shop" }]);
  expect([await names.scriptFor(page), await names.list()]).toEqual([undefined, []]);
});

test("a failure to read does not hide a change for good", async () => {
  let isBroken = false;
  const hostNames: Catalog["hostNames"] = () => (isBroken ? Promise.reject(new Error("disk")) : catalog.hostNames());
  const names = new HostNames({ ...catalog, hostNames });
  expect(await names.scriptFor(page)).toBeUndefined();
  await named("shop");
  isBroken = true;
  await expect(names.scriptFor(page)).rejects.toThrow("disk");
  isBroken = false;
  expect(await names.scriptFor(page)).toBe("shop");
});

test("names that the server was started with are not taken by deployments", async () => {
  const names = new HostNames(catalog, { "shop.example": "fixed" });
  await named("shop");
  expect(await names.scriptFor(page)).toBe("fixed");
  expect(await names.list("shop")).toEqual([]);
});
