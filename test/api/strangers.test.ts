/** Projects that come from Cloudflare: with bindings that stepwell does not have, and with ids of things that are not there yet. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDeploying, uploadOf, type Answer, type Deploying } from "../support/deploying.ts";

const CODE = `
const attempt = (use) => { try { return use(); } catch (error) { return error.message; } };
export default { fetch: (request, env) => Response.json({ ai: attempt(() => env.AI.run("model")), is: typeof env.FLAGS }) };`;

const AI = { type: "ai", name: "AI" };
const FLAGS = { type: "flagship", name: "FLAGS", app_id: "1" };
const KEY = { type: "secret_key", name: "KEY", format: "raw", usages: ["sign"], key_base64: "c2VjcmV0" };
const KV = { type: "kv_namespace", name: "CACHE", namespace_id: "0f2ac74b498b48028cb68387c421e279" };
const D1 = { type: "d1", name: "DB", id: "6e7f1c86-4c37-4bd9-8cf7-4e4ad1a0f7ad" };
const R2 = { type: "r2_bucket", name: "FILES", bucket_name: "files" };

let api: Deploying;
afterEach(() => api.close());

const put = (bindings: readonly object[], script = "shop"): Promise<Answer> =>
  api.call("PUT", script, uploadOf(CODE, { bindings }));
const versionsOf = async (script: string): Promise<number> => (await api.catalog.scriptVersions(script, 0, 9)).total;

describe("bindings of other kinds", () => {
  beforeEach(async () => {
    api = await openDeploying();
  });

  test("do not refuse a deployment: all are named in one message, and using one throws", async () => {
    const answer = await put([AI, FLAGS, { type: "brand_new", name: "NEW" }]);
    const message = "Unsupported bindings, which throw an error when used: AI (Workers AI), FLAGS (Flagship), NEW (brand_new)";
    expect(answer).toMatchObject({ status: 200, messages: [{ code: 10962, message }] });
    expect(await api.ask("shop")).toEqual({
      ai: expect.stringContaining('The binding "AI" (Workers AI) is not supported by stepwell') as string,
      is: "object",
    });
  });

  test("are given back as they were sent, without their secrets, and kept when a secret is put", async () => {
    await put([FLAGS, KEY]);
    await api.call("PUT", "shop/secrets", { type: "secret_text", name: "TOKEN", text: "t" });
    const { items } = (await api.call("GET", "shop/versions")).result as {
      items: { resources: { bindings: Record<string, unknown>[] } }[];
    };
    const { key_base64: _, ...key } = KEY;
    expect(items).toHaveLength(2);
    for (const { resources } of items) {
      expect(resources.bindings).toContainEqual({ ...FLAGS, unsupported: "Flagship" });
      expect(resources.bindings).toContainEqual({ ...key, unsupported: "Web Crypto key" });
    }
    expect(JSON.stringify(await api.catalog.activeScript("shop"))).not.toContain(KEY.key_base64);
  });
});

test("a strict server refuses them, all at once, and makes nothing", async () => {
  api = await openDeploying({ policy: { isStrict: true, adopts: "first" } });
  const refused = await put([AI, FLAGS]);
  expect(refused).toMatchObject({ status: 400, errors: [{ code: 10962 }] });
  expect(refused.errors[0]?.message).toContain("AI (Workers AI), FLAGS (Flagship)");
  expect((await put([KV])).errors).toMatchObject([{ code: 10971 }]);
  expect([await versionsOf("shop"), await api.catalog.resources("kv")]).toEqual([0, []]);
});

describe("ids of things that are not there", () => {
  const opened = async (adopts?: "first" | "always" | "never"): Promise<void> => {
    const load = (): Promise<void> => Promise.resolve();
    api = await openDeploying({ load, ...(adopts && { policy: { isStrict: false, adopts } }) });
  };
  const ids = async (): Promise<string[]> => {
    const found = await Promise.all((["kv", "d1", "r2"] as const).map((type) => api.catalog.resources(type)));
    return found.flat().map(({ id }) => id);
  };

  test("are made when the Worker comes for the first time, and said to be", async () => {
    await opened();
    const answer = await put([KV, D1, R2, { ...KV, name: "SAME" }]);
    expect(answer.status).toBe(200);
    const message = answer.messages[0]?.message;
    expect(message).toContain(`KV namespace "${KV.namespace_id}" for`);
    expect(message).toContain(`D1 database "${D1.id}" for DB, R2 bucket "files" for FILES`);
    expect(await ids()).toEqual([KV.namespace_id, D1.id, "files"]);
    expect((await put([KV, D1])).messages).toEqual([]);
  });

  test("are made when nothing but secrets came before, as `wrangler secret put` leaves it", async () => {
    await opened();
    await put([]);
    await api.call("PUT", "shop/secrets", { name: "KEY", text: "x", type: "secret_text" });
    expect(await put([KV, D1])).toMatchObject({ status: 200 });
    expect((await put([KV, D1, R2])).errors).toMatchObject([{ code: 10971 }]);
  });

  test("are refused of a Worker that is there already: it may be a slip", async () => {
    await opened();
    await put([KV]);
    expect((await put([KV, D1])).errors).toMatchObject([{ code: 10971 }]);
    expect(await ids()).toEqual([KV.namespace_id]);
  });

  test("are made each time with `always`, and not once with `never`", async () => {
    await opened("always");
    await put([KV]);
    expect(await put([KV, D1])).toMatchObject({ status: 200 });
    await api.close();
    await opened("never");
    expect((await put([KV])).errors).toMatchObject([{ code: 10971 }]);
    expect(await ids()).toEqual([]);
  });

  test("make nothing when the code does not load, or the id is none", async () => {
    api = await openDeploying({ load: () => Promise.reject(new Error("no")) });
    expect((await put([KV])).success).toBe(false);
    expect((await put([{ ...KV, namespace_id: "../../etc" }])).errors).toMatchObject([{ code: 10971 }]);
    expect(await ids()).toEqual([]);
  });

  test("can be made beforehand, together with queues, once and again", async () => {
    await opened("never");
    const OWN = "../../../../../../api/v1/resources";
    const wanted = [
      { type: "kv", id: KV.namespace_id, name: "cache" },
      { type: "d1", id: D1.id },
      { type: "r2", name: "files" },
      { type: "queue", name: "jobs" },
    ];
    const made = await api.call("PUT", OWN, wanted);
    expect(made.result).toMatchObject([
      { id: KV.namespace_id, name: "cache", created: true },
      { id: D1.id, name: D1.id, created: true },
      { id: "files", created: true },
      { name: "jobs", created: true },
    ]);
    const again = (await api.call("PUT", OWN, wanted)).result as { created: boolean }[];
    expect(again.map(({ created }) => created)).toEqual([false, false, false, false]);
    expect(await put([KV, D1, R2, { type: "queue", name: "JOBS", queue_name: "jobs" }])).toMatchObject({ status: 200 });
    expect((await api.call("PUT", OWN, [{ type: "kv", id: "b", name: "cache" }])).errors).toMatchObject([{ code: 10014 }]);
    expect((await api.call("PUT", OWN, [{ type: "kv", id: "../x" }])).errors).toMatchObject([{ code: 10002 }]);
  });

  test("are not made of a list of which one cannot be made", async () => {
    await opened("never");
    const OWN = "../../../../../../api/v1/resources";
    const list = [
      { type: "queue", name: "jobs" },
      { type: "r2", name: "files" },
      { type: "kv", id: "a", name: "cache" },
      { type: "kv", id: "b", name: "cache" },
    ];
    const refused = await api.call("PUT", OWN, list);
    expect(refused.errors).toMatchObject([
      { code: 10014, error_chain: [{ message: expect.stringContaining("[3].name") as string }] },
    ]);
    expect([await ids(), (await api.call("GET", "../../queues")).result]).toEqual([[], []]);
    const made = await api.call("PUT", OWN, [...list.slice(0, 3), ...list.slice(0, 3)]);
    expect((made.result as { created: boolean }[]).map(({ created }) => created)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
