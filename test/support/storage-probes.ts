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
      const shown = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, show(v)]));
      for (const volatile of ["duration", "timings", "size_after", "version", "uploaded", "uploadId", "served_by"]) if (volatile in shown) shown[volatile] = typeof value[volatile];
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

export const D1_PROBES: readonly Probe[] = [];

export const R2_PROBES: readonly Probe[] = [];
