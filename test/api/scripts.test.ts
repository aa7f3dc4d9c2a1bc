/** The deploy API with plain multipart bodies: what becomes of an upload, and that a refusal changes nothing. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../src/model/limits.ts";
import { openDeploying, uploadOf, type Deploying, type Part } from "../support/deploying.ts";

let api: Deploying;

beforeEach(async () => {
  api = await openDeploying();
});
afterEach(() => api.close());

/** A Worker that answers with the mark of its code, and has a workflow that returns the mark after an event. */
const worker = (mark: string, className = "Flow"): string => `
import { WorkflowEntrypoint } from "cloudflare:workers";
export class ${className} extends WorkflowEntrypoint {
  async run(event, step) {
    if (event.payload?.wait) await step.waitForEvent("go", { type: "go", timeout: "1 hour" });
    return [${JSON.stringify(mark)}, this.env.KEY];
  }
}
export default { fetch: (request, env) => Response.json({ mark: ${JSON.stringify(mark)}, ...env, FLOW: undefined }) };`;

const FLOW = { type: "workflow", name: "FLOW", workflow_name: "flow", class_name: "Flow" };
const SECRET = { type: "secret_text", name: "KEY", text: "hunter2" };

const put = (mark: string, bindings: readonly object[] = [FLOW], more: object = {}): ReturnType<Deploying["call"]> =>
  api.call("PUT", "shop", uploadOf(worker(mark), { bindings, ...more }));

const idOf = (answer: { result: unknown }): string => {
  const { deployment_id: deployed, id = deployed } = answer.result as { id?: string; deployment_id?: string };
  return deployed ?? id ?? "";
};

/** Everything that a deployment may touch. */
const everything = async (): Promise<unknown> => ({
  active: await api.catalog.activeScript("shop"),
  versions: await api.catalog.scriptVersions("shop", 0, 9),
  deployments: await api.catalog.deployments("shop", 0, 9),
  workflows: await api.catalog.workflows({ offset: 0, limit: 9 }),
  flow: await api.catalog.workflowVersions("flow", 0, 9),
});

describe("an upload", () => {
  test("runs, with its bindings and the workflows that it binds", async () => {
    const bindings = [
      FLOW,
      SECRET,
      { type: "plain_text", name: "TEXT", text: "t" },
      { type: "json", name: "CONFIG", json: { a: [1] } },
      { type: "version_metadata", name: "VERSION" },
      { type: "workflow", name: "MAIL", workflow_name: "mail", class_name: "Mail", script_name: "post" },
    ];
    const answer = await put("one", bindings, { annotations: { "workers/tag": "v1" } });
    expect(answer).toMatchObject({ status: 200, result: { id: "shop", startup_time_ms: expect.any(Number) as number } });
    expect(await api.ask("shop")).toEqual({
      mark: "one",
      KEY: "hunter2",
      TEXT: "t",
      CONFIG: { a: [1] },
      VERSION: { id: idOf(answer), tag: "v1", timestamp: expect.stringMatching(/^2\d{3}-/) as string },
      MAIL: expect.anything() as unknown,
    });
    expect(await api.catalog.workflow("mail")).toBeUndefined();
    await api.engine.create("flow", [{ id: "i" }], "api");
    expect(await api.output({ workflow: "flow", id: "i" })).toEqual(["one", "hunter2"]);
  });

  test("may have modules of every kind", async () => {
    const code = `
      import text from "./1f2e-note.txt"; import data from "./a.bin"; import json from "./c.json";
      import wasm from "./m.wasm"; import { twice } from "./lib/twice.js";
      export default { fetch: () => Response.json({ text, json, data: [...new Uint8Array(data)], wasm: wasm instanceof WebAssembly.Module, twice: twice(2) }) };`;
    const parts: Record<string, Part> = {
      "./1f2e-note.txt": ["text/plain", 'a "note"\n'],
      "./a.bin": ["application/octet-stream", Uint8Array.of(0, 255, 10)],
      "./c.json": ["application/json", '{"c":[1]}'],
      "./m.wasm": ["application/wasm", Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)],
      "lib/twice.js": ["application/javascript+module", 'import { by } from "./by.js"; export const twice = (n) => n * by;'],
      "lib/by.js": ["application/javascript+module", "export const by = 2;"],
      "index.js.map": ["application/source-map", '{"version":3,"sources":[],"mappings":""}'],
    };
    expect(await api.call("PUT", "shop", uploadOf(code, {}, parts))).toMatchObject({ status: 200 });
    expect(await api.ask("shop")).toEqual({ text: 'a "note"\n', json: { c: [1] }, data: [0, 255, 10], wasm: true, twice: 4 });
    expect((await api.catalog.activeScript("shop"))?.sourceMap).toContain("mappings");
  });

  test("declares workflows by its exports, too", async () => {
    const exports = { Flow: { type: "workflow", name: "exported", concurrency: { limit: 5 } } };
    expect(await put("one", [], { exports })).toMatchObject({ status: 200 });
    expect(await api.catalog.workflow("exported")).toMatchObject({ className: "Flow", script: "shop" });
    const settings = async (): Promise<unknown> => (await api.catalog.workflowVersions("exported", 0, 1)).items[0]?.settings;
    expect(await settings()).toEqual({ concurrency: { limit: 5 } });
    // What says nothing changes nothing.
    await put("two", [], { exports: { Flow: { type: "workflow", name: "exported" } } });
    expect(await settings()).toEqual({ concurrency: { limit: 5 } });
    const more = { limits: { steps: 7 }, default_retention: { success_retention: "1 hour" }, schedules: [{ cron: "0 0 1 1 *" }] };
    await put("three", [], { exports: { Flow: { type: "workflow", name: "exported", ...more } } });
    expect(await settings()).toEqual({
      limits: { steps: 7 },
      defaultRetention: { successMs: 3_600_000 },
      schedules: [{ cron: "0 0 1 1 *" }],
    });
  });

  test("keeps the bindings that it says it keeps, and inherits single ones", async () => {
    await put("one", [FLOW, SECRET, { type: "plain_text", name: "TEXT", text: "t" }]);
    await put("two", [FLOW], { keep_bindings: ["secret_text"] });
    expect(await api.ask("shop")).toEqual({ mark: "two", KEY: "hunter2" });
    await put("three", [
      { type: "inherit", name: "KEY" },
      { type: "plain_text", name: "TEXT", text: "u" },
    ]);
    expect(await api.ask("shop")).toEqual({ mark: "three", KEY: "hunter2", TEXT: "u" });
    await put("four", [{ ...SECRET, text: "new" }], { keep_bindings: ["secret_text", "plain_text"] });
    expect(await api.ask("shop")).toEqual({ mark: "four", KEY: "new", TEXT: "u" });
    await put("five");
    expect(await api.ask("shop")).toEqual({ mark: "five" });
  });

  test("of nothing else leaves a workflow its settings, and one whose class is gone where it was", async () => {
    await put("one");
    await api.call("PUT", "../../workflows/flow", { script_name: "shop", class_name: "Flow", limits: { steps: 7 } });
    await put("two");
    const flow = await api.catalog.workflow("flow");
    const two = await api.catalog.workflowVersion(flow?.versionId ?? "");
    expect(two).toMatchObject({ settings: { limits: { steps: 7 } } });
    await api.call("PUT", "shop", uploadOf(worker("three", "Other")));
    expect(await api.catalog.workflow("flow")).toEqual(flow);
    await api.engine.create("flow", [{ id: "i" }], "api");
    expect(await api.output({ workflow: "flow", id: "i" })).toEqual(["two", undefined]);
  });
});

describe("versions and deployments", () => {
  const versions = async (): Promise<{ id: string; number: number }[]> =>
    ((await api.call("GET", "shop/versions?deployable=true")).result as { items: { id: string; number: number }[] }).items;

  test("a running instance stays on its version; a new one gets the deployed version", async () => {
    const first = idOf(await put("one", [FLOW, SECRET]));
    await api.engine.create("flow", [{ id: "old", params: '{"wait":true}' }], "api");
    const second = await api.call("POST", "shop/versions?bindings_inherit=strict", uploadOf(worker("two"), { bindings: [FLOW] }));
    expect(second).toMatchObject({ status: 200, result: { number: 2, resources: { script: { handlers: ["fetch"] } } } });
    expect(await api.ask("shop")).toMatchObject({ mark: "one" });
    const deploy = (id: string, message: string): ReturnType<Deploying["call"]> =>
      api.call("POST", "shop/deployments", {
        strategy: "percentage",
        versions: [{ version_id: id, percentage: 100 }],
        annotations: { "workers/message": message, "workers/none": null },
      });
    expect(await deploy(idOf(second), "go")).toMatchObject({ status: 200 });
    expect(await api.ask("shop")).toMatchObject({ mark: "two" });
    await api.engine.create("flow", [{ id: "new" }], "api");
    expect(await api.output({ workflow: "flow", id: "new" })).toEqual(["two", undefined]);
    expect(await deploy(first, "back")).toMatchObject({ status: 200 });
    await api.engine.create("flow", [{ id: "newest" }], "api");
    expect(await api.output({ workflow: "flow", id: "newest" })).toEqual(["one", "hunter2"]);
    await api.engine.sendEvent({ workflow: "flow", id: "old" }, "go", "1");
    expect(await api.output({ workflow: "flow", id: "old" })).toEqual(["one", "hunter2"]);

    const { deployments } = (await api.call("GET", "shop/deployments")).result as { deployments: object[] };
    expect(deployments).toMatchObject([
      { versions: [{ version_id: first, percentage: 100 }], annotations: { "workers/message": "back" } },
      { versions: [{ version_id: idOf(second), percentage: 100 }], annotations: { "workers/message": "go" } },
      { versions: [{ version_id: first, percentage: 100 }], annotations: {} },
    ]);
    expect((await versions()).map(({ id, number }) => [id, number])).toEqual([
      [idOf(second), 2],
      [first, 1],
    ]);
    expect(await api.call("GET", `shop/versions/${first}`)).toMatchObject({ result: { id: first, number: 1 } });
  });

  test("traffic is not split, and a version of another script is none", async () => {
    const first = idOf(await put("one"));
    const second = idOf(await put("two"));
    await api.call("PUT", "other", uploadOf(worker("other")));
    const before = await everything();
    const deploy = (...shares: readonly [string, number][]): ReturnType<Deploying["call"]> =>
      api.call("POST", "shop/deployments", { versions: shares.map(([id, percentage]) => ({ version_id: id, percentage })) });
    for (const split of [
      [
        [first, 50],
        [second, 50],
      ],
      [[first, 99]],
      [[first, 0]],
    ] as const) {
      const refused = await deploy(...(split as unknown as [string, number][]));
      expect(refused).toMatchObject({ status: 400, errors: [{ code: 10964 }] });
      expect(refused.errors[0]?.error_chain?.[0]?.message).toContain("one version must get 100 %");
    }
    const foreign = (await api.catalog.activeScript("other"))?.id ?? "";
    expect(await deploy([foreign, 100])).toMatchObject({ status: 404, errors: [{ code: 10961 }] });
    expect(await deploy(["missing", 100])).toMatchObject({ status: 404, errors: [{ code: 10961 }] });
    expect(await api.call("GET", `shop/versions/${foreign}`)).toMatchObject({ status: 404 });
    expect(await everything()).toEqual(before);
    expect(await deploy([first, 0], [second, 100])).toMatchObject({ status: 200 });
  });

  test("a script that is not there has none, and gets none by POST", async () => {
    for (const [method, path] of [
      ["GET", "shop/versions"],
      ["GET", "shop/deployments"],
      ["GET", "shop/settings"],
      ["GET", "shop/secrets"],
    ] as const)
      expect(await api.call(method, path)).toMatchObject({ status: 404, errors: [{ code: 10007 }] });
    expect(await api.call("GET", "../services/shop")).toMatchObject({ status: 404, errors: [{ code: 10090 }] });
    expect(await api.call("POST", "shop/versions", uploadOf(worker("one")))).toMatchObject({ errors: [{ code: 10007 }] });
    expect(await api.catalog.scriptVersions("shop", 0, 9)).toEqual({ items: [], total: 0 });
  });
});

describe("secrets", () => {
  const names = async (): Promise<string[]> =>
    ((await api.call("GET", "shop/secrets")).result as { name: string }[]).map(({ name }) => name).toSorted();

  test("are set, taken away and replaced, each time by a version that counts", async () => {
    await put("one", [FLOW, SECRET]);
    await api.engine.create("flow", [{ id: "old", params: '{"wait":true}' }], "api");
    await api.call("PUT", "shop/secrets", { name: "KEY", text: "rotated", type: "secret_text" });
    expect(await api.ask("shop")).toEqual({ mark: "one", KEY: "rotated" });
    await api.call("PATCH", "shop/secrets-bulk", {
      secrets: { A: { name: "A", text: "a", type: "secret_text" }, B: { text: "b", type: "secret_text" }, KEY: null },
    });
    expect(await api.ask("shop")).toEqual({ mark: "one", A: "a", B: "b" });
    expect(await names()).toEqual(["A", "B"]);
    await api.call("DELETE", "shop/secrets/A?url_encoded=true");
    expect(await names()).toEqual(["B"]);
    expect((await api.catalog.deployments("shop", 0, 9)).total).toBe(4);
    await api.engine.sendEvent({ workflow: "flow", id: "old" }, "go", "1");
    expect(await api.output({ workflow: "flow", id: "old" })).toEqual(["one", "hunter2"]);
  });

  test("may be changed for a version that is not deployed", async () => {
    await put("one", [SECRET]);
    const { result } = await api.call("PATCH", "../workers/shop/versions/latest", {
      env: { KEY: { type: "secret_text", text: "later" } },
      annotations: { "workers/message": "m" },
    });
    expect(await api.ask("shop")).toEqual({ mark: "one", KEY: "hunter2" });
    await api.call("POST", "shop/deployments", { versions: [{ version_id: idOf({ result }), percentage: 100 }] });
    expect(await api.ask("shop")).toEqual({ mark: "one", KEY: "later" });
  });

  test("are refused when they are not there, or when the name is taken", async () => {
    await put("one", [FLOW, SECRET]);
    const before = await everything();
    expect(await api.call("DELETE", "shop/secrets/NONE")).toMatchObject({ status: 404, errors: [{ code: 10056 }] });
    expect(await api.call("DELETE", "shop/secrets/FLOW")).toMatchObject({ status: 404, errors: [{ code: 10056 }] });
    expect(await api.call("PUT", "shop/secrets", { name: "FLOW", text: "x", type: "secret_text" })).toMatchObject({
      status: 400,
    });
    expect(await api.call("PUT", "shop/secrets", { name: "X", text: 7, type: "secret_text" })).toMatchObject({ status: 400 });
    expect(await everything()).toEqual(before);
  });

  test("secrets are in no answer, and are stored encrypted", async () => {
    await put("one", [SECRET]);
    const stored = await everything();
    expect(JSON.stringify(stored)).not.toContain("hunter2");
    expect(JSON.stringify(stored)).toContain('"type":"secret_text","name":"KEY","text":"~');
    for (const path of ["shop/secrets", "shop/settings", "shop/versions", "shop/deployments", "../services/shop", ""])
      expect(JSON.stringify(await api.call("GET", path))).not.toMatch(/hunter2|~/);
  });
});

describe("a refusal names what is wrong, and changes nothing", () => {
  const cases: readonly [string, () => FormData | string, number, RegExp | string][] = [
    ["no form", () => "text", 10002, "multipart form"],
    ["no metadata", () => new FormData(), 10002, "metadata: The upload has no part of this name"],
    ["metadata that is no JSON", () => edited("metadata", "{"), 10002, "metadata: Not valid JSON"],
    [
      "no main module",
      () => uploadOf("", { main_module: undefined }),
      10002,
      "metadata.main_module: The upload has no main module",
    ],
    [
      "another main module",
      () => uploadOf("", { main_module: "x.js" }),
      10002,
      'metadata.main_module: The upload has no part named "x.js"',
    ],
    [
      "a main module of text",
      () => uploadOf("", { main_module: "a" }, { a: ["text/plain", "a"] }),
      10002,
      "must be an ES module",
    ],
    [
      "a main module of CommonJS",
      () => uploadOf("", { main_module: "a.cjs" }, { "a.cjs": ["application/javascript", ""] }),
      10002,
      "CommonJS and service-worker scripts are not supported",
    ],
    ["a Python module", () => uploadOf("", {}, { "a.py": ["text/x-python", ""] }), 10963, "a.py: Python"],
    ["a module of no known type", () => uploadOf("", {}, { a: ["image/png", ""] }), 10963, 'a: Unknown module type "image/png"'],
    [
      "a binding to KV",
      () => bound({ type: "kv_namespace", name: "KV", namespace_id: "1" }),
      10971,
      '"KV" is bound to the KV namespace "1", which does not exist',
    ],
    ["a name that is bound twice", () => bound(SECRET, SECRET), 10002, 'metadata.bindings[1].name: "KEY" is bound twice'],
    ["a secret without text", () => bound({ ...SECRET, text: undefined }), 10002, "metadata.bindings[0].text"],
    ["a workflow without a class", () => bound({ ...FLOW, class_name: undefined }), 10002, "metadata.bindings[0].class_name"],
    ["a workflow of no good name", () => bound({ ...FLOW, workflow_name: "-" }), 10002, "metadata.bindings[0].workflow_name"],
    [
      "a workflow of two classes",
      () => bound(FLOW, { ...FLOW, name: "B", class_name: "Other" }),
      10002,
      "cannot have two classes, Flow and Other",
    ],
    ["what cannot be inherited", () => bound({ type: "inherit", name: "X" }), 10002, 'no binding "X" to inherit'],
    [
      "a class that is not exported",
      () => bound({ ...FLOW, class_name: "Missing" }),
      10021,
      'exports no class "Missing", which the workflow "flow" needs (it exports Flow)',
    ],
    ["code that throws", () => uploadOf("\n\n  null.x;"), 10021, /^Uncaught TypeError: .*\n {4}at index\.js:3:8$/],
    ["code that is none", () => uploadOf("const a = ;"), 10021, /^Uncaught SyntaxError: .*\n {4}at index\.js:1:11$/],
    ["an import that leads nowhere", () => uploadOf('import "./x.js";'), 10021, 'Cannot import "./x.js"'],
  ];
  const edited = (name: string, value: string): FormData => {
    const form = uploadOf(worker("two"));
    form.set(name, value);
    return form;
  };
  const bound = (...bindings: readonly object[]): FormData => uploadOf(worker("two"), { bindings });

  test("each of them", async () => {
    await put("one");
    const before = await everything();
    for (const [what, body, code, said] of cases) {
      const refused = await api.call("PUT", "shop", body());
      const { code: refusedWith, message = "", error_chain: chain = [] } = refused.errors[0] ?? {};
      const text = [message, ...chain.map((each) => each.message)].join("\n");
      expect([what, refusedWith, refused.result]).toEqual([what, code, null]);
      if (typeof said === "string") expect(text).toContain(said);
      else expect(message).toMatch(said);
      expect([what, await everything()]).toEqual([what, before]);
    }
    expect(await api.ask("shop")).toEqual({ mark: "one" });
  });

  test.each(["Shop", "-shop", "a.b", "a".repeat(64)])("the name %s", async (name) => {
    expect(await api.call("PUT", name, uploadOf(worker("one")))).toMatchObject({ status: 400, errors: [{ code: 10960 }] });
    expect(await api.catalog.scriptNames()).toEqual([]);
  });

  test("a class that a workflow is put to", async () => {
    await put("one");
    const body = { script_name: "shop", class_name: "Missing" };
    expect(await api.call("PUT", "../../workflows/other", body)).toMatchObject({ status: 400, errors: [{ code: 10907 }] });
    expect(await api.catalog.workflow("other")).toBeUndefined();
  });
});

describe("what goes with a script", () => {
  test("a script is shown in the form that wrangler reads", async () => {
    await put("one", [FLOW, SECRET]);
    expect(await api.call("GET", "../services/shop")).toMatchObject({
      result: { default_environment: { script: { id: "shop", last_deployed_from: "wrangler", tags: [] } } },
    });
    expect(await api.call("GET", "")).toMatchObject({ result: [{ id: "shop", handlers: ["fetch"] }] });
    expect(await api.call("GET", "../workers/shop")).toMatchObject({ result: { subdomain: { url: "http://shop.localhost" } } });
    expect(await api.call("GET", "../subdomain")).toMatchObject({ result: { subdomain: "stepwell" } });
    const shown = [
      { name: "FLOW", type: "workflow", workflow_name: "flow", class_name: "Flow" },
      { name: "KEY", type: "secret_text" },
    ];
    expect((await api.call("GET", "shop/settings")).result).toMatchObject({ bindings: shown, compatibility_flags: [] });
  });

  test("tags and subdomain are kept", async () => {
    await put("one");
    await api.call("PATCH", "shop/script-settings", { tags: ["a"], observability: { enabled: true } });
    await api.call("PATCH", "shop/script-settings", { logpush: true, observability: null });
    expect((await api.call("GET", "shop/script-settings")).result).toEqual({ tags: ["a"], logpush: true });
    expect(await api.call("POST", "shop/subdomain", { enabled: true })).toMatchObject({
      result: { enabled: true, previews_enabled: false },
    });
    expect((await api.call("GET", "shop/subdomain")).result).toEqual({ enabled: true, previews_enabled: false });
  });

  test("cron triggers are those that were put last, and go with the script", async () => {
    await put("one");
    await api.call("PUT", "shop/schedules", [{ cron: "0 0 1 1 *" }]);
    expect(await api.call("PUT", "shop/schedules", [{ cron: "never" }])).toMatchObject({ status: 400 });
    const crowd = Array.from({ length: 60 }, (_, i) => [
      `${i} 0 1 1 *`,
      `${i} 1 1 1 *`,
      `${i} 2 1 1 *`,
      `${i} 3 1 1 *`,
      `${i} 4 1 1 *`,
    ]);
    const many = (count: number): object[] =>
      crowd
        .flat()
        .slice(0, count)
        .map((cron) => ({ cron }));
    expect(await api.call("PUT", "shop/schedules", many(LIMITS.cronTriggers + 1))).toMatchObject({ status: 400 });
    expect((await api.call("GET", "shop/schedules")).result).toMatchObject({ schedules: [{ cron: "0 0 1 1 *" }] });
    expect(await api.call("PUT", "shop/schedules", many(LIMITS.cronTriggers))).toMatchObject({ status: 200 });
    await api.call("PUT", "other", uploadOf("export default {}"));
    expect(await api.call("PUT", "other/schedules", [{ cron: "0 0 1 1 *" }])).toMatchObject({ status: 400 });
    await api.call("DELETE", "shop");
    expect(await api.call("PUT", "other/schedules", [{ cron: "0 0 1 1 *" }])).toMatchObject({ status: 200 });
  });

  test("its scheduled handler can be called by hand, where wrangler has that", async () => {
    const scheduled = `export default { fetch: () => new Response('"fetched"'), scheduled({ cron, scheduledTime }) {
      if (cron === "bad") throw new Error("no");
      if (cron !== "c" || scheduledTime !== 5) throw new Error(cron + scheduledTime);
    } }`;
    await api.call("PUT", "shop", uploadOf(scheduled));
    for (const path of ["/cdn-cgi/handler/scheduled", "/cdn-cgi/local/scheduled"]) {
      expect(await api.ask("shop", `${path}?cron=c&time=5&format=json`)).toEqual({ outcome: "ok" });
      expect(await api.ask("shop", `${path}?cron=bad&format=json`)).toEqual({ outcome: "exception" });
    }
    expect(await api.ask("shop", "/cdn-cgi/handler")).toBe("fetched");
    await put("one");
    expect(await api.ask("shop", "/__scheduled")).toMatchObject({ errors: [{ code: 11001 }] });
  });

  test("a tail has an address of its own, and ends when it is deleted", async () => {
    await put("one");
    const opened = await api.call("POST", "shop/tails", { filters: [{ query: "x" }] });
    const { id, url } = opened.result as { id: string; url: string };
    expect(url).toBe(`ws://localhost/tails/${id}`);
    expect(await api.call("POST", "shop/tails", { filters: [{ method: ["GET"] }] })).toMatchObject({ status: 200 });
    expect(await api.call("POST", "shop/tails", { filters: [{ path: "/" }] })).toMatchObject({ errors: [{ code: 10002 }] });
    expect(await api.call("POST", "missing/tails", {})).toMatchObject({ errors: [{ code: 10007 }] });
    expect(await api.call("DELETE", `other/tails/${id}`)).toMatchObject({ status: 404, errors: [{ code: 10965 }] });
    expect(await api.call("DELETE", `shop/tails/${id}`)).toMatchObject({ status: 200 });
    expect(await api.call("DELETE", `shop/tails/${id}`)).toMatchObject({ status: 404 });
  });

  test("a script is deleted with its settings, and deployed again without its old secrets", async () => {
    await put("one", [FLOW, SECRET]);
    await api.call("PATCH", "shop/script-settings", { tags: ["a"] });
    expect(await api.call("GET", "shop/references")).toMatchObject({ result: { durable_objects: [] } });
    expect(await api.call("DELETE", "../services/shop?force=false")).toMatchObject({ status: 200, result: null });
    expect(await api.call("DELETE", "shop")).toMatchObject({ status: 404, errors: [{ code: 10007 }] });
    expect(await api.call("POST", "shop/versions", uploadOf(worker("two")))).toMatchObject({ errors: [{ code: 10007 }] });
    expect(await api.ask("shop")).toMatchObject({ errors: [{ code: 10007 }] });
    expect(await put("two", [FLOW], { keep_bindings: ["secret_text"] })).toMatchObject({ status: 200, result: { tags: [] } });
    expect(await api.ask("shop")).toEqual({ mark: "two" });
    expect((await api.catalog.scriptVersions("shop", 0, 9)).total).toBe(1);
  });

  test("a script whose schedules exceed the limit is not deployed again", async () => {
    const flow = "../../workflows/flow";
    const crons = (minutes: number): object[] =>
      Array.from({ length: minutes }, (_, minute) => ({ cron: `${minute % 60} ${minute > 59 ? 1 : 0} 1 1 *` }));
    await put("one");
    await api.call("PUT", flow, { script_name: "shop", class_name: "Flow", schedules: crons(2) });
    await api.call("DELETE", "shop");
    const other = uploadOf(worker("other"), { bindings: [{ ...FLOW, workflow_name: "other" }] });
    await api.call("PUT", "bank", other);
    await api.call("PUT", "../../workflows/other", { script_name: "bank", class_name: "Flow", schedules: crons(99) });
    expect(await put("two")).toMatchObject({ status: 400, errors: [{ code: 10930 }] });
    expect(await api.catalog.activeScript("shop")).toBeUndefined();
    expect(await api.catalog.timetable()).toHaveLength(99);
  });

  test("its workflows outlive it: what is under way goes on, and nothing starts until it is back", async () => {
    const flow = "../../workflows/flow";
    const schedules = [{ cron: "0 0 1 1 *" }];
    const crons = async (): Promise<string[]> => (await api.catalog.timetable()).map(({ cron }) => cron);
    await put("one", [FLOW, SECRET]);
    await api.call("PUT", flow, { script_name: "shop", class_name: "Flow", schedules });
    for (const id of ["i", "j"]) await api.engine.create("flow", [{ id, params: '{"wait":true}' }], "api");
    expect((await api.call("GET", flow)).result).toMatchObject({ script_deleted: false, schedules });

    await api.call("DELETE", "shop");
    expect((await api.call("GET", flow)).result).toMatchObject({ script_deleted: true, script_name: "shop" });
    expect(await crons()).toEqual([]);
    const inert = { status: 409, errors: [{ code: 10934 }] };
    expect(await api.call("POST", `${flow}/instances`, {})).toMatchObject(inert);
    expect(await api.call("POST", `${flow}/instances/batch`, [{}, {}])).toMatchObject(inert);
    const change = (status: string, id = "i"): ReturnType<Deploying["call"]> =>
      api.call("PATCH", `${flow}/instances/${id}/status`, { status });
    expect(await change("terminate", "j")).toMatchObject({ status: 200 });
    expect(await api.engine.remove("flow", ["j"])).toEqual([undefined]);
    expect(await change("restart")).toMatchObject(inert);
    expect(await change("pause")).toMatchObject({ status: 200 });
    expect(await change("resume")).toMatchObject({ status: 200 });
    expect(await api.call("POST", `${flow}/instances/i/events/go`, {})).toMatchObject({ status: 200 });
    expect(await api.output({ workflow: "flow", id: "i" })).toEqual(["one", "hunter2"]);
    expect((await api.call("GET", `${flow}/instances`)).result).toMatchObject([{ id: "i", status: "complete" }]);

    await put("two");
    expect((await api.call("GET", flow)).result).toMatchObject({ script_deleted: false, schedules });
    expect(await crons()).toEqual(["0 0 1 1 *"]);
    await change("restart");
    await api.engine.sendEvent({ workflow: "flow", id: "i" }, "go", "1");
    expect(await api.output({ workflow: "flow", id: "i" })).toEqual(["two", undefined]);
  });

  test("routes that are not there are named", async () => {
    const { errors } = await api.call("GET", "shop/holograms");
    expect(JSON.stringify(errors)).toContain("No route for GET /client/v4/accounts/local/workers/scripts/shop/holograms");
  });
});

describe("host names", () => {
  const records = (script: string, ...names: readonly string[]): ReturnType<Deploying["call"]> =>
    api.call("PUT", `${script}/domains/records`, { override_scope: true, origins: names.map((hostname) => ({ hostname })) });
  const markAt = async (hostName: string): Promise<unknown> => {
    const response = await api.askAt(hostName);
    return response.status === 200 ? ((await response.json()) as { mark?: string }).mark : response.status;
  };

  test("a Worker answers under those that it asks for, and takes them from others", async () => {
    await put("one");
    await api.call("PUT", "bank", uploadOf(worker("bank")));
    const asked = [{ hostname: "shop.example.com" }, { hostname: "www.example.com" }];
    expect((await api.call("POST", "shop/domains/changeset?replace_state=true", asked)).result).toMatchObject({
      added: asked,
      updated: [],
      removed: [],
      conflicting: [],
    });
    expect(await records("shop", "shop.example.com", "WWW.example.com")).toMatchObject({ status: 200 });
    expect([await markAt("shop.example.com"), await markAt("www.example.com")]).toEqual(["one", "one"]);
    const changed = await api.call("POST", "bank/domains/changeset", [{ hostname: "shop.example.com" }]);
    expect(changed.result).toMatchObject({ added: [], updated: [{ service: "shop", modified: true }] });
    await records("bank", "shop.example.com");
    await records("shop", "new.example.com");
    expect([await markAt("shop.example.com"), await markAt("new.example.com"), await markAt("www.example.com")]).toEqual([
      "bank",
      "one",
      403,
    ]);
    await api.call("DELETE", "shop");
    expect(await markAt("new.example.com")).toBe(403);
  });

  test.each([
    ["an address", "10.0.0.1"],
    ["a path", "shop.example.com/x"],
    ["a name of this machine", "bank.localhost"],
    ["the server's own", "localhost"],
    ["one that the server was started with", "fixed.example.com"],
  ])("%s is refused", async (_, name) => {
    await put("one");
    expect(await records("shop", "fine.example.com", name)).toMatchObject({ status: 400, errors: [{ code: 10002 }] });
    expect(await markAt("fine.example.com")).toBe(403);
  });

  describe("routes by pattern", () => {
    const route = (script: string, ...patterns: readonly string[]): ReturnType<Deploying["call"]> =>
      api.call(
        "PUT",
        `${script}/routes`,
        patterns.map((pattern) => ({ pattern, zone_name: "example.com" })),
      );

    test("lead to their Worker, the more specific first, and before host names", async () => {
      await put("one");
      await api.call("PUT", "bank", uploadOf(worker("bank")));
      expect(await route("shop", "*.example.com/*", "example.com/shop/*")).toMatchObject({ status: 200 });
      await route("bank", "pay.example.com/*");
      await records("bank", "www.example.com");
      expect([await markAt("a.example.com"), await markAt("pay.example.com"), await markAt("www.example.com")]).toEqual([
        "one",
        "bank",
        "one",
      ]);
      expect([await markAt("example.com/shop/1"), await markAt("example.com/")]).toEqual(["one", 403]);
      expect((await api.call("GET", "../../../../zones/example.com/workers/routes")).result).toEqual(
        expect.arrayContaining([{ id: "pay.example.com/*", pattern: "pay.example.com/*", script: "bank" }]),
      );
      await route("shop", "example.com/shop/*");
      expect([await markAt("a.example.com"), await markAt("www.example.com")]).toEqual([403, "bank"]);
      await api.call("DELETE", "shop");
      expect(await markAt("example.com/shop/1")).toBe(403);
    });

    test.each([
      ["no pattern", "ex*mple.com/*"],
      ["the server's own host", "localhost/*"],
      ["a host of this machine", "*.localhost/*"],
      ["an address", "10.0.0.1/*"],
      ["another's", "pay.example.com/*"],
    ])("%s is refused, and nothing changes", async (_, pattern) => {
      await put("one");
      await api.call("PUT", "bank", uploadOf(worker("bank")));
      await route("bank", "pay.example.com/*");
      expect(await route("shop", "fine.example.com/*", pattern)).toMatchObject({ status: 400, errors: [{ code: 10002 }] });
      expect([await markAt("fine.example.com"), await markAt("pay.example.com")]).toEqual([403, "bank"]);
    });

    test("routes need no zone to be created first", async () => {
      expect((await api.call("GET", "../../../../zones?name=example.com")).result).toMatchObject([
        { id: "example.com", name: "example.com" },
      ]);
    });
  });
});

test("versions and deployments say who made them, and clients can't", async () => {
  await api.close();
  api = await openDeploying({
    guard: (headers) => {
      const name = headers.get("authorization") ?? "anonymous";
      return Promise.resolve({ kind: "user", id: name, name, role: "admin" });
    },
  });
  const [ada, ci] = [{ authorization: "ada" }, { authorization: "CI of the shop" }];
  const forged = { "stepwell/author": "mallory", "workers/message": "m" };
  const made = await api.call("PUT", "shop", uploadOf(worker("one"), { bindings: [FLOW], annotations: forged }), ada);
  expect(made).toMatchObject({ status: 200, result: { author_email: "ada@stepwell.local" } });
  await api.call("PUT", "shop/secrets", { name: "KEY", text: "hush", type: "secret_text" }, ci);
  const { items } = (await api.call("GET", "shop/versions", undefined, ada)).result as { items: object[] };
  expect(items).toMatchObject([
    { metadata: { author_email: "CI-of-the-shop@stepwell.local" } },
    { metadata: { author_email: "ada@stepwell.local" }, annotations: { "workers/message": "m" } },
  ]);
  expect(JSON.stringify(items)).not.toContain("stepwell/author");
  const { deployments } = (await api.call("GET", "shop/deployments", undefined, ada)).result as { deployments: object[] };
  expect(deployments).toMatchObject([{ author_email: "CI-of-the-shop@stepwell.local" }, { author_email: "ada@stepwell.local" }]);
});
