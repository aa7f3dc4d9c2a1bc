/** The routes of KV, D1 and R2, on the real process that keeps them. */
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { R2Bucket } from "../../src/bindings/r2/bucket.ts";
import { stubTo } from "../../src/executors/workerd/storage/bindings.ts";
import { StorageProcess } from "../../src/executors/workerd/storage/process.ts";
import { openApi, type ApiBench } from "../support/api.ts";

let folder: string;
let storage: StorageProcess;
let api: ApiBench;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stepwell-api-storage-"));
  storage = new StorageProcess(join(folder, "storage"));
  api = await openApi({}, undefined, {}, storage);
});
afterAll(async () => {
  await api.close();
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});

const raw = (method: string, path: string, body?: string, headers?: Record<string, string>): Promise<Response> =>
  api.send(method, `/client/v4/accounts/local${path}`, body, headers);

const codeOf = async (answer: Promise<{ errors: readonly { code: number }[] }>): Promise<number | undefined> =>
  (await answer).errors[0]?.code;

test("lists, creations and look-ups start no process", async () => {
  expect((await api.call("GET", "/storage/kv/namespaces?per_page=100")).result).toEqual([]);
  expect((await api.call("GET", "/d1/database")).result).toEqual([]);
  expect((await api.call("GET", "/r2/buckets")).result).toEqual({ buckets: [] });
  await api.call("POST", "/r2/buckets", { name: "nothing-in-it" });
  expect(await readdir(folder)).toEqual([]);
});

describe("KV", () => {
  const NAMESPACES = "/storage/kv/namespaces";
  let ns: string;

  test("namespaces have titles of their own", async () => {
    const { result } = await api.call("POST", NAMESPACES, { title: "b" });
    const { id } = result as { id: string };
    ns = `${NAMESPACES}/${id}`;
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    await api.call("POST", NAMESPACES, { title: "a" });
    expect(await codeOf(api.call("POST", NAMESPACES, { title: "b" }))).toBe(10014);
    expect(await codeOf(api.call("PUT", ns, { title: "a" }))).toBe(10014);
    expect((await api.call("PUT", ns, { title: "c" })).result).toMatchObject({ id, title: "c" });
    const titles = async (page: number): Promise<unknown> =>
      ((await api.call("GET", `${NAMESPACES}?page=${page}&per_page=1`)).result as { title: string }[]).map(({ title }) => title);
    expect([await titles(1), await titles(2), await titles(3)]).toEqual([["a"], ["c"], []]);
    expect(await codeOf(api.call("GET", `${NAMESPACES}/none`))).toBe(10013);
  });

  test("a form that is broken, and text that is no Unicode, are refused with the field, and change nothing", async () => {
    const broken = "--x\r\ncontent-disposition: form-data; name=value\r\n\r\ncut off";
    for (const type of ["multipart/form-data; boundary=x", "multipart/form-data"])
      expect((await raw("PUT", `${ns}/values/broken`, broken, { "content-type": type })).status).toBe(400);
    const half = "a\ud800";
    for (const [method, path, body, field] of [
      ["POST", `${ns}/bulk/delete`, ["b", half], "[1]"],
      ["DELETE", `${ns}/bulk`, [half], "[0]"],
      [
        "PUT",
        `${ns}/bulk`,
        [
          { key: "broken", value: "1" },
          { key: half, value: "1" },
        ],
        "[1].key",
      ],
      ["PUT", `${ns}/bulk`, [{ key: "broken", value: half }], "[0].value"],
      ["POST", `${ns}/bulk/get`, { keys: [half] }, "keys[0]"],
      ["POST", NAMESPACES, { title: half }, "title"],
      ["POST", "/d1/database", { name: half }, "name"],
      ["POST", "/d1/database", { name: "d", [half]: 1 }, "a\ufffd"],
    ] as const) {
      const answer = await api.call(method, path, body);
      expect([answer.status, JSON.stringify(answer.errors)]).toEqual([
        400,
        expect.stringContaining(`${field}: The text contains a lone surrogate`),
      ]);
    }
    expect(await codeOf(api.call("GET", `${ns}/metadata/broken`))).toBe(10009);
    const deep = new FormData();
    deep.set("value", "1");
    deep.set("metadata", "[".repeat(10_000) + "]".repeat(10_000));
    const sent = new Response(deep);
    const type = sent.headers.get("content-type") ?? "";
    expect((await raw("PUT", `${ns}/values/broken`, await sent.text(), { "content-type": type })).status).toBe(400);
  });

  test("values come back as they were sent, with what was said of them", async () => {
    const form = new FormData();
    form.set("value", "in a form");
    form.set("metadata", '{"ü":1}');
    const formed = new Request("http://x", { method: "PUT", body: form });
    const type = formed.headers.get("content-type") ?? "";
    await raw("PUT", `${ns}/values/${encodeURIComponent("a/b %é")}`, await formed.text(), { "content-type": type });
    await raw("PUT", `${ns}/values/plain?expiration_ttl=3600`, "as it is", { "content-type": "text/plain" });
    expect(await (await raw("GET", `${ns}/values/${encodeURIComponent("a/b %é")}`)).text()).toBe("in a form");
    expect((await api.call("GET", `${ns}/metadata/${encodeURIComponent("a/b %é")}`)).result).toEqual({ ü: 1 });
    const plain = await raw("GET", `${ns}/values/plain`);
    expect([await plain.text(), Number(plain.headers.get("expiration")) > 0]).toEqual(["as it is", true]);
    const keys = await api.call("GET", `${ns}/keys?limit=1`);
    expect(keys.result).toEqual([{ name: "a/b %é", metadata: { ü: 1 } }]);
    const more = await api.call("GET", `${ns}/keys?limit=1&cursor=${keys.result_info["cursor"] as string}`);
    expect([more.result, more.result_info["cursor"]]).toMatchObject([[{ name: "plain" }], ""]);
    await api.call("DELETE", `${ns}/values/plain`);
    const gone = await raw("GET", `${ns}/values/plain`);
    expect([gone.status, ((await gone.json()) as { errors: { code: number }[] }).errors[0]?.code]).toEqual([404, 10009]);
    expect(await codeOf(api.call("PUT", `${ns}/values/x?expiration_ttl=1`, "x"))).toBe(10972);
  });

  test("many at once", async () => {
    const entries = [
      { key: "m1", value: "1" },
      { key: "m2", value: Buffer.from("two").toString("base64"), base64: true, metadata: { a: 1 } },
    ];
    await api.call("PUT", `${ns}/bulk`, entries);
    const { result } = await api.call("POST", `${ns}/bulk/get`, { keys: ["m1", "m2", "m3"] });
    expect(result).toEqual({ values: { m1: "1", m2: "two", m3: null } });
    await api.call("DELETE", `${ns}/bulk`, ["m1", "none"]);
    await api.call("POST", `${ns}/bulk/delete`, ["m2"]);
    expect((await api.call("GET", `${ns}/keys?prefix=m`)).result).toEqual([]);
  });

  test("with a namespace goes all that is in it", async () => {
    await raw("PUT", `${ns}/values/large`, "large");
    const [, , , , id = ""] = ns.split("/");
    expect(await readdir(join(folder, "storage"))).toContain(`kv-${id}`);
    await api.call("DELETE", ns);
    expect(await readdir(join(folder, "storage"))).not.toContain(`kv-${id}`);
    expect(await codeOf(api.call("GET", `${ns}/keys`))).toBe(10013);
    // A binding to the deleted namespace finds nothing.
    expect((await storage.fetch({ type: "kv", id }, { method: "GET", path: "/large" })).status).toBe(404);
  });
});

describe("D1", () => {
  test("databases are found by id and by name, and run statements", async () => {
    const { result } = await api.call("POST", "/d1/database", { name: "shop" });
    const { uuid } = result as { uuid: string };
    expect(await codeOf(api.call("POST", "/d1/database", { name: "shop" }))).toBe(7502);
    const make = "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x')";
    await api.call("POST", `/d1/database/${uuid}/query`, { sql: make });
    const asked = { sql: "SELECT * FROM t WHERE a = ?", params: [1] };
    const query = await api.call("POST", `/d1/database/shop/query`, asked);
    expect(query.result).toMatchObject([{ success: true, results: [{ a: 1, b: "x" }], meta: { rows_read: 1 } }]);
    const rows = await api.call("POST", `/d1/database/${uuid}/raw`, { batch: [asked, { sql: "SELECT 2" }] });
    expect(rows.result).toMatchObject([{ results: { columns: ["a", "b"], rows: [[1, "x"]] } }, { results: { rows: [[2]] } }]);
    expect((await api.call("GET", "/d1/database/shop")).result).toMatchObject({ uuid, num_tables: 1 });
    expect((await api.call("GET", "/d1/database?name=shop")).result).toMatchObject([{ uuid }]);
    const wrong = await api.call("POST", `/d1/database/${uuid}/query`, { sql: "SELECT * FROM missing" });
    expect(wrong.errors[0]).toMatchObject({ code: 7500, message: "no such table: missing: SQLITE_ERROR" });
    await api.call("DELETE", `/d1/database/${uuid}`);
    expect(await codeOf(api.call("POST", `/d1/database/${uuid}/query`, asked))).toBe(7404);
  });
});

test("a D1 database goes through a file into another one", async () => {
  const make = async (name: string): Promise<string> =>
    `/d1/database/${((await api.call("POST", "/d1/database", { name })).result as { uuid: string }).uuid}`;
  const [from, to] = [await make("from"), await make("to")];
  await api.call("POST", `${from}/query`, { sql: "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('it''s')" });
  const exported = await api.call("POST", `${from}/export`, { output_format: "polling", dump_options: {} });
  const { signed_url: fetched } = (exported.result as { result: { signed_url: string } }).result;
  const text = await (await api.send("GET", new URL(fetched).pathname)).text();
  expect(text).toContain("INSERT INTO \"t\" (\"a\") VALUES('it''s');");
  expect((await api.send("GET", new URL(fetched).pathname)).status).toBe(404);

  const etag = createHash("md5").update(text).digest("hex");
  const { result } = await api.call("POST", `${to}/import`, { action: "init", etag });
  const { filename, upload_url: sent } = result as { filename: string; upload_url: string };
  const ingest = { action: "ingest", etag, filename };
  expect(await codeOf(api.call("POST", `${to}/import`, ingest))).toBe(7500);
  const answer = await api.send("PUT", new URL(sent).pathname, text);
  expect(answer.headers.get("etag")).toBe(`"${etag}"`);
  expect((await api.send("PUT", new URL(sent).pathname, text)).status).toBe(404);
  expect((await api.call("POST", `${to}/import`, ingest)).result).toMatchObject({ status: "complete" });
  expect((await api.call("POST", `${to}/query`, { sql: "SELECT * FROM t" })).result).toMatchObject([
    { results: [{ a: "it's" }] },
  ]);
});

describe("R2", () => {
  const object = "/r2/buckets/pictures/objects/a/b.txt";

  test("buckets are made, and deleted once they are empty", async () => {
    expect(await codeOf(api.call("POST", "/r2/buckets", { name: "No" }))).toBe(10005);
    expect((await api.call("POST", "/r2/buckets", { name: "pictures" })).result).toMatchObject({ name: "pictures" });
    expect(await codeOf(api.call("POST", "/r2/buckets", { name: "pictures" }))).toBe(10004);
    expect((await api.call("GET", "/r2/buckets/pictures")).result).toMatchObject({ name: "pictures" });
    await raw("PUT", object, "hello", { "content-length": "5", "content-type": "text/plain" });
    expect(await codeOf(api.call("DELETE", "/r2/buckets/pictures"))).toBe(10008);
    await api.call("DELETE", object);
    await api.call("DELETE", "/r2/buckets/pictures");
    expect(await codeOf(api.call("GET", "/r2/buckets/pictures"))).toBe(10006);
    await api.call("POST", "/r2/buckets", { name: "pictures" });
    expect((await api.call("GET", "/r2/buckets/pictures/objects")).result).toEqual([]);
  });

  test("objects come back as they were sent, with their headers", async () => {
    const put = await raw("PUT", object, "hello", {
      "content-length": "5",
      "content-type": "text/plain",
      "cache-control": "no-store",
    });
    expect(await put.json()).toMatchObject({ result: { key: "a/b.txt", size: 5, etag: "5d41402abc4b2a76b9719d911017c592" } });
    const got = await raw("GET", object);
    expect(await got.text()).toBe("hello");
    expect(["content-type", "cache-control", "etag", "content-length"].map((name) => got.headers.get(name))).toEqual([
      "text/plain",
      "no-store",
      '"5d41402abc4b2a76b9719d911017c592"',
      "5",
    ]);
    expect((await api.call("GET", "/r2/buckets/pictures/objects?prefix=a/")).result).toMatchObject([{ key: "a/b.txt" }]);
    expect(await codeOf(api.call("PUT", `${object}2`, "x"))).toBe(10974);
    expect((await raw("GET", "/r2/buckets/pictures/objects/none")).status).toBe(404);
    expect((await raw("GET", "/r2/buckets/none/objects/none")).status).toBe(404);
  });

  test("an object that a Worker has stored with what no header can be comes without it", async () => {
    const bucket = new R2Bucket(stubTo({ type: "r2", id: "pictures" }, (scope, request) => storage.fetch(scope, request)));
    await bucket.put("odd", "hello", {
      httpMetadata: { contentType: "text/plain\nx: y", contentLanguage: "日本語", cacheControl: "no-store" },
    });
    const got = await raw("GET", "/r2/buckets/pictures/objects/odd");
    expect([got.status, await got.text()]).toEqual([200, "hello"]);
    expect(["content-type", "content-language", "x", "cache-control"].map((name) => got.headers.get(name))).toEqual([
      null,
      null,
      null,
      "no-store",
    ]);
  });
});

test("without a process for storage nothing is deleted", async () => {
  const bare = await openApi({});
  try {
    const { result: namespace } = await bare.call("POST", "/storage/kv/namespaces", { title: "a" });
    const { result: database } = await bare.call("POST", "/d1/database", { name: "b" });
    const paths = [
      `/storage/kv/namespaces/${(namespace as { id: string }).id}`,
      `/d1/database/${(database as { uuid: string }).uuid}`,
    ];
    for (const path of paths) expect(await codeOf(bare.call("DELETE", path))).toBe(10970);
    const left = await Promise.all((["kv", "d1"] as const).map((type) => bare.catalog.resources(type)));
    expect(left.map(({ length }) => length)).toEqual([1, 1]);
  } finally {
    await bare.close();
  }
});
