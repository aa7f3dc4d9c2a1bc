/** Workers as the SDK's newer resources and Terraform go about them: made, given versions in JSON, deployed, changed, deleted. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDeploying, type Answer, type Deploying } from "../support/deploying.ts";

const CODE = `
import { mark } from "./mark.js";
export default { fetch: (request, env) => Response.json({ mark, text: env.TEXT }) };`;

let api: Deploying;
beforeEach(async () => {
  api = await openDeploying();
});
afterEach(() => api.close());

const call = (method: string, path = "", body?: object): Promise<Answer> => api.call(method, `../workers${path}`, body);
const module = (name: string, content: string, type = "application/javascript+module"): object => ({
  name,
  content_type: type,
  content_base64: Buffer.from(content).toString("base64"),
});
const upload = (mark: string, more: object = {}): object => ({
  main_module: "index.js",
  compatibility_date: "2026-11-01",
  modules: [module("index.js", CODE), module("mark.js", `export const mark = ${JSON.stringify(mark)};`)],
  bindings: [{ type: "plain_text", name: "TEXT", text: "t" }],
  annotations: { "workers/message": mark },
  // Terraform sends null for what is not configured.
  assets: null,
  migrations: null,
  ...more,
});
const idOf = ({ result }: Answer): string => (result as { id: string }).id;

test("a Worker is there before its first version, and nowhere else", async () => {
  const made = await call("POST", "", { name: "shop", tags: ["team"], observability: { enabled: true } });
  expect(made.result).toMatchObject({
    id: "shop",
    name: "shop",
    deployed_on: null,
    tags: ["team"],
    logpush: false,
    observability: { enabled: true, head_sampling_rate: 1 },
    subdomain: { enabled: false, previews_enabled: false },
    tail_consumers: [],
    references: { workers: [], queues: [], domains: [], durable_objects: [], dispatch_namespace_outbounds: [] },
  });
  expect((await call("GET")).result).toMatchObject([{ id: "shop" }]);
  expect((await call("GET", "/shop/versions")).result).toEqual([]);
  expect((await api.call("GET", "shop/deployments")).status).toBe(404);
  expect(await call("POST", "", { name: "shop" })).toMatchObject({ status: 409, errors: [{ code: 10969 }] });
  expect((await call("POST", "", { name: "No Name" })).status).toBe(400);
});

test("versions are uploaded as JSON, and one is deployed as the provider does it", async () => {
  await call("POST", "", { name: "shop" });
  const first = await call("POST", "/shop/versions", upload("one"));
  expect(first.result).toMatchObject({ number: 1, main_module: "index.js", bindings: [{ name: "TEXT", text: "t" }] });
  expect(await api.catalog.activeScript("shop")).toBeUndefined();
  const versions = [{ version_id: idOf(first), percentage: 100 }];
  expect((await api.call("POST", "shop/deployments", { strategy: "percentage", versions })).status).toBe(200);
  expect(await api.ask("shop")).toEqual({ mark: "one", text: "t" });
  const second = await call("POST", "/shop/versions?deploy=true", upload("two"));
  expect(await api.ask("shop")).toMatchObject({ mark: "two" });
  const listed = (await call("GET", "/shop/versions?page=1&per_page=1")).result as { id: string }[];
  expect(listed.map(({ id }) => id)).toEqual([idOf(second)]);
  expect((await call("GET", "/shop")).result).toMatchObject({ deployed_on: expect.any(String) as string });
  const { modules } = (await call("GET", `/shop/versions/${idOf(second)}?include=modules`)).result as { modules: object[] };
  expect(modules).toEqual((upload("two") as { modules: object[] }).modules);
  expect((await call("GET", `/shop/versions/${idOf(second)}`)).result).not.toHaveProperty("modules");
});

test("the version in force is not given up, another one is", async () => {
  await call("POST", "", { name: "shop" });
  const first = idOf(await call("POST", "/shop/versions?deploy=true", upload("one")));
  expect(await call("DELETE", `/shop/versions/${first}`)).toMatchObject({ status: 409, errors: [{ code: 10968 }] });
  await call("POST", "/shop/versions?deploy=true", upload("two"));
  expect(await call("DELETE", `/shop/versions/${first}`)).toMatchObject({ status: 200, result: null });
  expect((await call("DELETE", "/shop/versions/none")).status).toBe(404);
});

test("settings are replaced by PUT and changed by PATCH; a name stays", async () => {
  await call("POST", "", { name: "shop", tags: ["a"], logpush: true });
  expect((await call("PATCH", "/shop", { tags: ["b"] })).result).toMatchObject({ tags: ["b"], logpush: true });
  expect((await call("PUT", "/shop", { name: "shop", subdomain: { enabled: true } })).result).toMatchObject({
    tags: [],
    logpush: false,
    subdomain: { enabled: true, previews_enabled: false },
  });
  expect(await call("PUT", "/shop", { name: "store" })).toMatchObject({ status: 400 });
  expect((await call("PUT", "/missing", { name: "missing" })).status).toBe(404);
});

test("a Worker is deleted with its versions, deployed or not", async () => {
  for (const deploy of ["false", "true"]) {
    await call("POST", "", { name: "shop" });
    await call("POST", `/shop/versions?deploy=${deploy}`, upload("one"));
    expect((await call("DELETE", "/shop")).status).toBe(200);
    expect((await call("GET", "/shop")).status).toBe(404);
    expect((await call("GET")).result).toEqual([]);
  }
  expect((await call("DELETE", "/shop")).status).toBe(404);
});

test("an invalid JSON upload is refused with its field, and nothing is stored", async () => {
  await call("POST", "", { name: "shop" });
  const refusals: readonly (readonly [object, string])[] = [
    [upload("x", { modules: [{ name: "index.js", content_type: "text/plain", content_base64: "%" }] }), "modules"],
    [upload("x", { main_module: "other.js" }), "metadata.main_module"],
    [upload("x", { migrations: { new_tag: "v1", new_sqlite_classes: ["A"] } }), "metadata.migrations"],
  ];
  for (const [body, field] of refusals) {
    const refused = await call("POST", "/shop/versions", body);
    expect([field, refused.success]).toEqual([field, false]);
    expect(JSON.stringify(refused.errors)).toContain(field);
  }
  expect((await call("GET", "/shop/versions")).result).toEqual([]);
  expect((await call("POST", "/missing/versions", upload("x"))).status).toBe(404);
});
