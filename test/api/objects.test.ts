/** Classes of Durable Objects, as the deploy API takes them: migrations, bindings, and what a refusal leaves as it was. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDeploying, uploadOf, type Answer, type Deploying } from "../support/deploying.ts";

let api: Deploying;
beforeEach(async () => {
  api = await openDeploying({ load: () => Promise.resolve() });
});
afterEach(() => api.close());

const codeWith = (...classes: readonly string[]): string =>
  `${classes.map((name) => `export class ${name} {}`).join("\n")}\nexport default { fetch: () => new Response() };`;

const put = (classes: readonly string[], metadata: object, script = "shop"): Promise<Answer> =>
  api.call("PUT", script, uploadOf(codeWith(...classes), metadata));

const COUNTER = { type: "durable_object_namespace", name: "COUNTER", class_name: "Counter" };
const FIRST = { bindings: [COUNTER], migrations: { new_tag: "v1", steps: [{ new_sqlite_classes: ["Counter"] }] } };

const namespaces = async (): Promise<readonly { id: string; class: string }[]> =>
  (await api.call("GET", "../durable_objects/namespaces?per_page=1000&page=1")).result;
const tag = async (): Promise<unknown> =>
  (await api.call("GET", "../services/shop")).result["default_environment"]["script"]["migration_tag"];

test("a migration makes a class a Durable Object class, and its tag is listed", async () => {
  expect(await put(["Counter"], FIRST)).toMatchObject({ status: 200 });
  expect([await tag(), (await namespaces()).map((each) => each.class)]).toEqual(["v1", ["Counter"]]);
  expect((await api.call("GET", "shop/settings")).result["bindings"]).toEqual([COUNTER]);
  expect(await api.call("POST", "shop/versions", uploadOf(codeWith("Counter"), { bindings: [COUNTER] }))).toMatchObject({
    status: 200,
  });
});

test("a renamed class keeps its objects, a deleted one does not", async () => {
  await put(["Counter"], FIRST);
  const [before] = await namespaces();
  const renamed = { old_tag: "v1", new_tag: "v2", steps: [{ renamed_classes: [{ from: "Counter", to: "Meter" }] }] };
  expect(await put(["Meter"], { migrations: renamed })).toMatchObject({ status: 200 });
  expect(await namespaces()).toMatchObject([{ class: "Meter", id: before?.id }]);
  const deleted = { old_tag: "v2", new_tag: "v3", steps: [{ deleted_classes: ["Meter"] }] };
  expect(await put([], { migrations: deleted })).toMatchObject({ status: 200 });
  expect([await namespaces(), await tag()]).toEqual([[], "v3"]);
});

test.each<[string, readonly string[], object, number]>([
  ["a binding to a class that is none", ["Counter", "Other"], { bindings: [{ ...COUNTER, class_name: "Other" }] }, 10061],
  ["a binding to another script's class that is none", ["Counter"], { bindings: [{ ...COUNTER, script_name: "post" }] }, 10061],
  ["a migration from another tag", ["Counter", "B"], { migrations: { old_tag: "v0", new_tag: "v2", steps: [] } }, 10079],
  ["a migration from no tag", ["Counter", "B"], { migrations: { new_tag: "v2", steps: [{ new_sqlite_classes: ["B"] }] } }, 10079],
  [
    "a class that there is",
    ["Counter"],
    { migrations: { old_tag: "v1", new_tag: "v2", new_sqlite_classes: ["Counter"] } },
    10074,
  ],
  ["code without a class that has objects", ["Other"], {}, 10064],
  ["a class of another Worker", ["Counter"], { migrations: { old_tag: "v1", transferred_classes: [{}] } }, 10002],
])("%s is refused, and nothing changes", async (_, classes, metadata, code) => {
  await put(["Counter"], FIRST);
  const before = [await namespaces(), await tag(), await api.catalog.scriptVersions("shop", 0, 9)];
  const answer = await put(classes, metadata);
  expect(answer).toMatchObject({ success: false, errors: [{ code }] });
  expect([await namespaces(), await tag(), await api.catalog.scriptVersions("shop", 0, 9)]).toEqual(before);
});

test("a version alone brings no migration", async () => {
  await put(["Counter"], FIRST);
  const upload = uploadOf(codeWith("Counter"), { migrations: { old_tag: "v1", new_tag: "v2", steps: [] } });
  expect(await api.call("POST", "shop/versions", upload)).toMatchObject({ status: 400, errors: [{ code: 10211 }] });
});

test("another script that is bound to the class is a reference; with the script its objects go", async () => {
  await put(["Counter"], FIRST);
  expect(await put([], { bindings: [{ ...COUNTER, script_name: "shop" }] }, "other")).toMatchObject({ status: 200 });
  expect((await api.call("GET", "shop/references")).result).toMatchObject({ durable_objects: [{ service: "other" }] });
  expect(await api.call("DELETE", "shop")).toMatchObject({ status: 409 });
  expect(await api.call("DELETE", "shop?force=true")).toMatchObject({ status: 200 });
  expect(await namespaces()).toEqual([]);
});
