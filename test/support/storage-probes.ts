/** Programs that use KV, D1 and R2, and what makes a Worker of them that runs one by name and answers with what it saw. */

export interface Probe {
  readonly name: string;
  /** The body of an async function of `KV`, `DB`, `R2` and `caught`, which gives what a call throws. What it returns is shown. */
  readonly body: string;
}

/** The Worker's module. */
export function probing(probes: readonly Probe[]): string {
  const table = probes.map(({ name, body }) => `${JSON.stringify(name)}: async ({ KV, DB, R2 }) => {\n${body}\n}`);
  return `
    const probes = { ${table.join(",\n")} };
    const caught = async (call) => { try { return { returned: await call() }; } catch (e) { return { name: e.name, message: e.message, cause: e.cause?.message }; } };
    const read = async (stream) => stream === null ? null : new Response(stream).text();
    const show = (value) => {
      if (value === undefined) return { undefined: true };
      if (typeof value === "bigint" || typeof value === "function") return String(value);
      if (value === null || typeof value !== "object") return value;
      if (value instanceof Date) return { date: true };
      if (value instanceof ArrayBuffer) return { buffer: [...new Uint8Array(value)] };
      if (ArrayBuffer.isView(value)) return { view: [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)] };
      if (value instanceof Map) return { map: [...value].map(([k, v]) => [k, show(v)]) };
      if (Array.isArray(value)) return value.map(show);
      if (value instanceof Headers) return { headers: [...value] };
      const shown = Object.fromEntries(Object.entries(value).flatMap(([k, v]) => (v === undefined ? [] : [[k, show(v)]])));
      for (const volatile of ["duration", "timings", "size_after", "version", "uploaded", "uploadId", "served_by", "storageClass"]) if (volatile in shown) shown[volatile] = typeof value[volatile];
      return shown;
    };
    const run = async (name, env) => show(await probes[name](env));
    export default { async fetch(request, env) {
      const name = decodeURIComponent(new URL(request.url).pathname.slice(1));
      try { return Response.json(await run(name, env)); } catch (e) { return Response.json({ threw: e.name + ": " + e.message }); }
    } };
  `;
}

export const KV_PROBES: readonly Probe[] = [
  {
    name: "kv: a value in all types",
    body: `await KV.put("a", JSON.stringify({ n: 1 }));
      return [await KV.get("a"), await KV.get("a", "json"), await KV.get("a", { type: "arrayBuffer" }), await read(await KV.get("a", "stream")),
        await KV.get("none"), await KV.get("none", "json"), await KV.getWithMetadata("none"), await KV.getWithMetadata("a", "text")];`,
  },
  {
    name: "kv: what may be put",
    body: `await KV.put("b1", new Uint8Array([1, 2, 255])); await KV.put("b2", new Uint8Array([7]).buffer);
      await KV.put("b3", new Response("streamed").body); await KV.put("b4", ""); await KV.put("weird /?#%é", "key");
      const { readable, writable } = new TransformStream(); const w = writable.getWriter(); w.write(new TextEncoder().encode("unknown length")); w.close();
      await KV.put("b5", readable);
      return [await KV.get("b1", "arrayBuffer"), await KV.get("b2", "arrayBuffer"), await KV.get("b3"), await KV.get("b4"), await KV.get("weird /?#%é"), await KV.get("b5")];`,
  },
  {
    name: "kv: metadata and expiry",
    body: `await KV.put("m", "v", { metadata: { "ü": [1, "😀"] }, expiration: 2000000000 }); await KV.put("n", "v", { metadata: null, expirationTtl: 3600 });
      const { keys, ...rest } = await KV.list({ prefix: "m" });
      return [await KV.getWithMetadata("m"), await KV.getWithMetadata("n", { type: "text" }), keys, rest];`,
  },
  {
    name: "kv: lists",
    body: `for (const k of ["l/c", "l/a", "l/b", "l/d"]) await KV.put(k, k);
      const first = await KV.list({ prefix: "l/", limit: 3 }); const second = await KV.list({ prefix: "l/", limit: 3, cursor: first.cursor });
      await KV.delete("l/a"); await KV.delete("l/none");
      return [first, second, await KV.list({ prefix: "l/" }), await KV.list({ prefix: "zzz" })];`,
  },
  {
    name: "kv: several keys at once",
    body: `await KV.put("g1", "1"); await KV.put("g2", '{"two":2}', { metadata: { x: 1 } });
      return [await KV.get(["g1", "g2", "gnone"]), await KV.get(["g2"], "json"), await KV.getWithMetadata(["g1", "g2", "gnone"]), await KV.getWithMetadata(["g2"], { type: "json" }),
        await caught(() => KV.get(Array.from({ length: 101 }, (_, i) => "k" + i))), await caught(() => KV.get([])), await caught(() => KV.get(["g1"], "arrayBuffer")), await caught(() => KV.get(["g2", "a b"], "nonsense"))];`,
  },
  {
    name: "kv: what is refused",
    body: `return [await caught(() => KV.get("")), await caught(() => KV.get(".")), await caught(() => KV.put("..", "x")), await caught(() => KV.get("k".repeat(513))),
      await caught(() => KV.put("x", { a: 1 })), await caught(() => KV.put("x", 5)), await caught(() => KV.put("x", null)), await caught(() => KV.put("x")), await caught(() => KV.put("x", "v", { expirationTtl: 1 })),
      await caught(() => KV.put("x", "v", { expiration: 1 })), await caught(() => KV.put("x", "v", { metadata: "m".repeat(1025) })), await caught(() => KV.list({ limit: 1001 })),
      await caught(() => KV.list({ limit: 0 })), await caught(() => KV.get("g1", "nonsense")), await caught(() => KV.get("g1", { cacheTtl: 1 })), await caught(() => KV.get("g1", "json")), await caught(() => KV.delete("")),
      await caught(() => KV.get(5)), await caught(() => KV.get())];`,
  },
  {
    name: "kv: not JSON",
    body: `await KV.put("plain", "no json"); return caught(() => KV.get("plain", "json"));`,
  },
];

export const D1_PROBES: readonly Probe[] = [
  {
    name: "d1: statements",
    body: `const made = await DB.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, data BLOB, n REAL)\\nCREATE INDEX i ON t(name)");
      const insert = DB.prepare("INSERT INTO t (name, data, n) VALUES (?, ?, ?)");
      const one = await insert.bind("a", new Uint8Array([1, 2]), 1.5).run(); const two = await insert.bind("b", new Uint8Array([3]).buffer, null).run(); const three = await insert.bind(true, [9], false).all();
      const all = DB.prepare("SELECT * FROM t ORDER BY id");
      return [made.count, typeof made.duration, one, two, three, await all.all(), await all.run(), await all.raw(), await all.raw({ columnNames: true }), await all.first(), await all.first("name"),
        await DB.prepare("SELECT * FROM t WHERE id = ?1 OR name = ?2").bind(2, "a").all(), await DB.prepare("SELECT 1 WHERE 0").first(), await DB.prepare("SELECT 1 AS x, 2 AS x").raw()];`,
  },
  {
    name: "d1: batches and sessions",
    body: `await DB.exec("CREATE TABLE b (v)");
      const done = await DB.batch([DB.prepare("INSERT INTO b VALUES (1)"), DB.prepare("SELECT * FROM b"), DB.prepare("DELETE FROM b WHERE v = ?").bind(7)]);
      const failed = await caught(() => DB.batch([DB.prepare("INSERT INTO b VALUES (2)"), DB.prepare("INSERT INTO missing VALUES (1)")]));
      const session = DB.withSession("first-primary"); const before = session.getBookmark(); const seen = await session.prepare("SELECT count(*) AS c FROM b").first(); const after = session.getBookmark();
      return [done, failed, before, seen, typeof after, await DB.withSession(after).prepare("SELECT v FROM b").raw(), (await session.batch([session.prepare("SELECT 1")])).length];`,
  },
  {
    name: "d1: what is refused",
    body: `await DB.exec("CREATE TABLE u (v UNIQUE NOT NULL)"); await DB.prepare("INSERT INTO u VALUES (1)").run();
      return [await caught(() => DB.prepare("SELEC").run()), await caught(() => DB.prepare("SELECT * FROM missing").all()), await caught(() => DB.prepare("INSERT INTO u VALUES (1)").run()), await caught(() => DB.prepare("INSERT INTO u VALUES (NULL)").run()),
        await caught(() => DB.prepare("SELECT ?").bind({ a: 1 })), await caught(() => DB.prepare("SELECT ?").bind(undefined)), await caught(() => DB.prepare("SELECT ?").bind(1n)), await caught(() => DB.prepare("SELECT ?").first()), await caught(() => DB.prepare("SELECT 1").bind(1).first()),
        await caught(() => DB.prepare("SELECT 1 AS a").first("b")), await caught(() => DB.exec("SELECT 1\\nnonsense")), await caught(() => DB.exec("")), await caught(() => DB.batch([])), await caught(() => DB.prepare("").run()),
        await caught(() => DB.prepare("SELECT 1").bind([300]).all()), await caught(() => DB.prepare("BEGIN").run()), await caught(() => DB.prepare("PRAGMA journal_mode = DELETE").run())];`,
  },
];

export const R2_PROBES: readonly Probe[] = [
  {
    name: "r2: put, head, get",
    body: `const put = await R2.put("a/1", "hello", { httpMetadata: { contentType: "text/plain", cacheControl: "no-store", cacheExpiry: new Date(1e12) }, customMetadata: { "ü": "😀" } });
      const head = await R2.head("a/1"); const got = await R2.get("a/1"); const headers = new Headers(); got.writeHttpMetadata(headers);
      const text = await got.text(); const json = (await R2.put("j", '{"a":1}')) && await (await R2.get("j")).json();
      const shape = (o) => [o.key, o.size, o.etag, o.httpEtag, o.httpMetadata, o.customMetadata, o.range, o.checksums.toJSON(), typeof o.version, o.uploaded instanceof Date, "body" in o];
      return [shape(put), shape(head), shape(got), headers, text, got.bodyUsed, json, await (await R2.get("a/1")).arrayBuffer(), (await (await R2.get("a/1")).blob()).type, await (await R2.get("a/1")).bytes(), await R2.head("none"), await R2.get("none"), JSON.stringify(put.checksums), put.checksums.md5];`,
  },
  {
    name: "r2: ranges and conditions",
    body: `const { etag } = await R2.put("r", "0123456789");
      const part = async (options) => { const o = await R2.get("r", options); return [o.range, o.body === undefined ? null : await o.text()]; };
      const long = new Date(0); const soon = new Date(Date.now() + 1e8);
      return [await part({ range: { offset: 2, length: 3 } }), await part({ range: { suffix: 2 } }), await part({ range: { offset: 8 } }), await part({ range: { length: 4 } }), await part({ range: new Headers({ range: "bytes=1-2" }) }), await caught(() => R2.get("r", { range: { offset: 50 } })),
        await part({ onlyIf: { etagMatches: etag } }), await part({ onlyIf: { etagMatches: "other" } }), await part({ onlyIf: { etagDoesNotMatch: etag } }), await part({ onlyIf: { uploadedBefore: long } }), await part({ onlyIf: { uploadedAfter: long, uploadedBefore: soon } }),
        await part({ onlyIf: new Headers({ "if-none-match": '"' + etag + '"' }) }), await part({ onlyIf: new Headers({ "if-match": "*" }) }), await part({ onlyIf: new Headers({ "if-modified-since": soon.toUTCString() }) }),
        await R2.put("r", "x", { onlyIf: { etagMatches: "other" } }), (await R2.put("r2", "x", { onlyIf: { etagDoesNotMatch: "*" } }))?.size, await R2.put("r2", "x", { onlyIf: { etagDoesNotMatch: "*" } }), await caught(() => R2.get("r", { onlyIf: { etagMatches: '"quoted"' } }))];`,
  },
  {
    name: "r2: values and checksums",
    body: `const bytes = new Uint8Array([1, 2, 3]); await R2.put("v1", bytes); await R2.put("v2", bytes.buffer); await R2.put("v3", new Blob(["blob"])); await R2.put("v4", null); await R2.put("v5", new Response("body").body); await R2.put("v5", (await R2.get("v3")).body);
      const { readable, writable } = new FixedLengthStream(3); const w = writable.getWriter(); w.write(bytes); w.close(); await R2.put("v6", readable);
      const loose = new TransformStream(); const x = loose.writable.getWriter(); x.write(bytes).catch(() => {}); x.close().catch(() => {});
      const sha = await crypto.subtle.digest("SHA-256", bytes); const md5 = await crypto.subtle.digest("MD5", bytes);
      return [await (await R2.get("v1")).text(), await (await R2.get("v2")).arrayBuffer(), await (await R2.get("v3")).text(), await (await R2.get("v4")).text(), await (await R2.get("v5")).text(), await (await R2.get("v6")).arrayBuffer(),
        await caught(() => R2.put("v7", loose.readable)), (await R2.put("s", bytes, { sha256: sha })).checksums.toJSON(), (await R2.put("s", bytes, { md5 })).checksums.toJSON(), await caught(() => R2.put("s", bytes, { sha1: "00".repeat(20) })), await caught(() => R2.put("s", bytes, { md5: "zz" })), await caught(() => R2.put("s", bytes, { md5, sha256: sha })),
        (await R2.put("s", bytes, { sha512: [...new Uint8Array(await crypto.subtle.digest("SHA-512", bytes))].map((b) => b.toString(16).padStart(2, "0")).join("") })).checksums.sha512.byteLength];`,
  },
  {
    name: "r2: lists and deletion",
    body: `for (const k of ["l/a", "l/b", "l/c/d", "l/c/e", "l/f"]) await R2.put(k, k, { customMetadata: { k }, httpMetadata: { contentType: "x/y" } });
      const short = ({ objects, ...rest }) => [objects.map((o) => [o.key, o.customMetadata, o.httpMetadata, o.range]), rest];
      const first = await R2.list({ prefix: "l/", limit: 2 });
      const lists = [first, await R2.list({ prefix: "l/", limit: 2, cursor: first.cursor }), await R2.list({ prefix: "l/", delimiter: "/" }), await R2.list({ prefix: "l/", include: ["customMetadata", "httpMetadata"] }), await R2.list({ prefix: "l/", startAfter: "l/b" }), await R2.list({ prefix: "none" })].map(short);
      await R2.delete("l/a"); await R2.delete(["l/b", "l/f", "none"]); await R2.delete("none"); await R2.delete([]);
      return [lists, short(await R2.list({ prefix: "l/" })), await caught(() => R2.list({ limit: 1001 })), await caught(() => R2.list({ limit: 0 }))];`,
  },
  {
    name: "r2: uploads in parts",
    body: `const upload = await R2.createMultipartUpload("m", { customMetadata: { a: "b" }, httpMetadata: new Headers({ "content-type": "text/html" }) });
      const part = await upload.uploadPart(1, "only one"); const resumed = R2.resumeMultipartUpload("m", upload.uploadId);
      const done = await resumed.complete([part]);
      const other = await R2.createMultipartUpload("gone"); await other.abort();
      return [upload.key, typeof upload.uploadId, part.partNumber, typeof part.etag, done.size, done.etag, done.customMetadata, done.httpMetadata, await (await R2.get("m")).text(), await caught(() => other.uploadPart(1, "x")), await caught(() => R2.resumeMultipartUpload("m", "nonsense").uploadPart(1, "x")), await caught(() => other.complete([]))];`,
  },
  {
    name: "r2: what is refused",
    body: `return [await caught(() => R2.put("k".repeat(1025), "x")), await caught(() => R2.get("k".repeat(1025))), await caught(() => R2.put("x", "x", { customMetadata: { a: "b".repeat(9000) } })), await caught(() => R2.put("", "x")), await caught(() => R2.head("")), await caught(() => R2.put("x", {})), await caught(() => R2.put("x", 5)), await caught(() => R2.put("x"))];`,
  },
];

/** Those that are not run in miniflare. */
export const OWN_PROBES: readonly Probe[] = [
  {
    name: "large values",
    body: `const count = async (stream) => { let n = 0; for await (const chunk of stream) n += chunk.byteLength; return n; };
      const zeros = (n, stream) => { const w = stream.writable.getWriter(); const chunk = new Uint8Array(1024 * 1024); void (async () => { for (let i = 0; i < n; i++) await w.write(chunk); await w.close(); })(); return stream.readable; };
      const M = 1024 * 1024;
      await KV.put("large", zeros(4, new TransformStream())); await R2.put("large", zeros(8, new FixedLengthStream(8 * M)));
      await R2.put("copy", (await R2.get("large", { range: { length: 2 * M } })).body);
      return [await count(await KV.get("large", "stream")), (await R2.head("copy")).size, await count((await R2.get("large")).body)];`,
  },
  {
    name: "statements that are none",
    body: `const said = []; for (const none of [undefined, null, 7, {}])
        for (const use of [() => DB.prepare(none).all(), () => DB.batch([DB.prepare("SELECT 1"), DB.prepare(none)])])
          await use().catch((error) => said.push(error.message));
      return said;`,
  },
  {
    name: "write in all three",
    body: `await KV.put("kept", "kept"); await DB.exec("CREATE TABLE kept (v)"); await DB.prepare("INSERT INTO kept VALUES (?)").bind("kept").run(); await R2.put("kept", "kept");
      return [await KV.get("kept"), (await DB.prepare("SELECT v FROM kept").all()).results, await (await R2.get("kept")).text()];`,
  },
  {
    name: "read in all three",
    body: `return [await KV.get("kept"), (await DB.prepare("SELECT v FROM kept").all()).results, await (await R2.get("kept")).text()];`,
  },
];
