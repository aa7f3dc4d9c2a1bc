/** Stores of secrets: as clients manage them, and as Workers read them. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { LIMITS } from "../../src/model/limits.ts";
import { openDeploying, uploadOf, type Answer, type Deploying } from "../support/deploying.ts";

const STORE = "0f2ac74b498b48028cb68387c421e279";
const VALUE = "correct horse battery staple";
const CODE = `export default { fetch: async (request, env) => Response.json(await env.KEY.get().catch((error) => error.message)) };`;

let api: Deploying;
beforeEach(async () => {
  api = await openDeploying();
});
afterEach(() => api.close());

const stores = (method: string, path = "", body?: unknown): Promise<Answer> =>
  api.call(method, `../../secrets_store/stores${path}`, body);
const secrets = (method: string, path = "", body?: unknown): Promise<Answer> => stores(method, `/${STORE}/secrets${path}`, body);
const add = async (name: string, value = VALUE, scopes = ["workers"]): Promise<string> => {
  const { result } = await secrets("POST", "", [{ name, value, scopes, comment: "a key" }]);
  return (result as { id: string }[])[0]?.id ?? "";
};
const names = async (path = ""): Promise<string[]> => {
  const { result } = await secrets("GET", path);
  return (result as { name: string }[]).map(({ name }) => name);
};
const bind = (): Promise<Answer> =>
  api.call(
    "PUT",
    "shop",
    uploadOf(CODE, { bindings: [{ type: "secrets_store_secret", name: "KEY", store_id: STORE, secret_name: "key" }] }),
  );

test("a Worker reads the value of the moment, and no other answer has it", async () => {
  await bind();
  expect(await api.ask("shop")).toBe('Secret "key" not found');
  const id = await add("key");
  expect(await api.ask("shop")).toBe(VALUE);
  const shown = { id, store_id: STORE, name: "key", comment: "a key", scopes: ["workers"], status: "active" };
  const answers = [await secrets("GET"), await secrets("GET", `/${id}`), await stores("GET")];
  expect(answers[1]?.result).toMatchObject(shown);
  expect(JSON.stringify([answers, await api.catalog.storeSecrets(STORE)])).not.toContain("battery");
  await secrets("PATCH", `/${id}`, { value: "another" });
  expect(await api.ask("shop")).toBe("another");
  await secrets("PATCH", `/${id}`, { scopes: ["ai_gateway"] });
  expect(await api.ask("shop")).toBe('Secret "key" not found');
  expect((await secrets("DELETE", `/${id}`)).status).toBe(200);
  expect((await secrets("GET", `/${id}`)).status).toBe(404);
});

test("a duplicate has the value of the original, and a name of its own", async () => {
  await bind();
  const id = await add("first");
  expect(await secrets("POST", `/${id}/duplicate`, { name: "key", scopes: ["workers"], comment: "" })).toMatchObject({
    status: 200,
  });
  expect(await api.ask("shop")).toBe(VALUE);
  expect(await secrets("POST", `/${id}/duplicate`, { name: "key", scopes: [] })).toMatchObject({ status: 409 });
});

test("a row that stands for another secret is not opened", async () => {
  await bind();
  await add("key", "mine");
  await add("other", "theirs");
  const [mine, other] = await api.catalog.storeSecrets(STORE);
  if (mine === undefined || other === undefined) throw new Error("There are two");
  await api.catalog.changeStoreSecret({ ...mine, value: other.value });
  expect(await api.ask("shop")).not.toContain("theirs");
});

test("secrets are listed by name, searched, and added all or none", async () => {
  await add("b");
  await add("a");
  expect([await names(), await names("?search=b"), await names("?per_page=1&page=2")]).toEqual([["a", "b"], ["b"], ["b"]]);
  const several = ["c", "a"].map((name) => ({ name, value: "v", scopes: ["workers"] }));
  expect(await secrets("POST", "", several)).toMatchObject({ status: 409 });
  expect(await names()).toEqual(["a", "b"]);
});

test("a value has a limit, and a name its letters", async () => {
  const one = (name: string, bytes: number): Promise<Answer> =>
    secrets("POST", "", [{ name, value: "x".repeat(bytes), scopes: [] }]);
  expect(await one("a", LIMITS.storeSecretBytes)).toMatchObject({ status: 200 });
  expect(await one("b", LIMITS.storeSecretBytes + 1)).toMatchObject({ status: 400 });
  expect(await one("b b", 1)).toMatchObject({ status: 400 });
  expect(await names()).toEqual(["a"]);
});

test("a store is made once, and deleted with what is in it", async () => {
  const { result } = await stores("POST", "", { name: "shared" });
  const { id } = result as { id: string };
  expect(await stores("POST", "", { name: "shared" })).toMatchObject({ status: 409 });
  await stores("POST", `/${id}/secrets`, [{ name: "key", value: VALUE, scopes: ["workers"] }]);
  expect((await stores("GET")).result).toMatchObject([{ id, name: "shared", account_id: "local" }]);
  expect(await stores("DELETE", `/${id}`)).toMatchObject({ status: 200 });
  expect(await stores("DELETE", `/${id}`)).toMatchObject({ status: 404 });
  expect(await api.catalog.storeSecrets(id)).toEqual([]);
});

test("changes of one secret that come at once are all made", async () => {
  await bind();
  const id = await add("key");
  await Promise.all([secrets("PATCH", `/${id}`, { value: "new" }), secrets("PATCH", `/${id}`, { comment: "rotated" })]);
  expect(await api.ask("shop")).toBe("new");
  expect((await secrets("GET", `/${id}`)).result).toMatchObject({ comment: "rotated" });
});

test("a request that is refused does not repeat the value", async () => {
  const id = await add("key");
  const wrong: readonly [string, string, unknown][] = [
    ["POST", "", [{ name: "a b", value: VALUE, scopes: ["workers"] }]],
    ["POST", "", [{ name: "key", value: VALUE, scopes: ["workers"] }]],
    ["POST", "", [{ name: VALUE, value: VALUE, scopes: VALUE }]],
    ["POST", "", `[{"name":"a","value":"${VALUE}`],
    ["PATCH", `/${id}`, { value: [VALUE] }],
    ["PATCH", "/none", { value: VALUE }],
  ];
  for (const [method, path, body] of wrong) {
    const answer = await secrets(method, path, body);
    expect(answer.success).toBe(false);
    expect(JSON.stringify(answer)).not.toContain("battery");
  }
});

test("a secret whose store is deleted while it is bound is missing, and so is one that the vault cannot open", async () => {
  await bind();
  await add("key");
  const [secret] = await api.catalog.storeSecrets(STORE);
  if (secret === undefined) throw new Error("There is one");
  await api.catalog.changeStoreSecret({ ...secret, value: `${secret.value.slice(0, -4)}AAAA` });
  expect(await api.ask("shop")).not.toContain("battery");
  await stores("DELETE", `/${STORE}`);
  expect(await api.ask("shop")).toBe('Secret "key" not found');
});

test("secrets of which two have one name are refused, and no store is made for them", async () => {
  const twice = [VALUE, "another"].map((value) => ({ name: "key", value, scopes: ["workers"] }));
  expect(await secrets("POST", "", twice)).toMatchObject({ status: 409, errors: [{ code: 10956 }] });
  expect([(await stores("GET")).result, (await secrets("GET")).result]).toEqual([[], []]);
});
