/** What every catalogue must do, as tests; part of the contract of a store. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Catalog } from "../../src/ports/catalog/catalog.ts";
import type { Deployment } from "../../src/ports/catalog/deployments.ts";
import type { ScriptVersion } from "../../src/ports/catalog/script-versions.ts";
import type { Workflow, WorkflowChange, WorkflowVersion } from "../../src/ports/catalog/workflows.ts";
import type { OpenedStore } from "./store-samples.ts";

function workflow(name: string, createdAt: number, versionId = `${name}-1`): Workflow {
  return { id: `id-${name}`, name, className: "Flow", script: "shop", versionId, createdAt, modifiedAt: createdAt + 1 };
}

function workflowVersion(of: string, id: string, createdAt: number): WorkflowVersion {
  const settings = { limits: { steps: 9 }, schedules: [{ cron: "* * * * *" }] };
  return { id, workflow: of, className: "Flow", scriptVersionId: "script-1", createdAt, settings, hasGraph: false };
}

const FULL: ScriptVersion = {
  id: "script-1",
  script: "shop",
  hash: "h1",
  code: "export class Flow {} // \u{1F600}",
  sourceMap: "{}",
  bindings: [
    { type: "plain_text", name: "A", text: "a" },
    { type: "json", name: "B", json: { b: [1, null] } },
    { type: "workflow", name: "FLOW", workflow: "orders", className: "Flow" },
    { type: "version_metadata", name: "V", metadata: { id: "script-1", tag: "", timestamp: "" } },
  ],
  mainModule: "main.js",
  modules: [
    { name: "./a.txt", type: "text", content: "a\u{1F600}" },
    { name: "b.bin", type: "data", content: "AAE=" },
  ],
  exports: ["Flow", "default"],
  workflows: [{ name: "orders", className: "Flow", settings: { limits: { steps: 9 } } }],
  objectClasses: ["Counter"],
  annotations: { "workers/message": "first" },
  compatibilityDate: "2026-11-01",
  compatibilityFlags: ["nodejs_compat"],
  createdAt: 5,
};

/** As lists show it. */
function info({ code: _code, sourceMap: _map, modules: _modules, ...rest }: ScriptVersion, number: number): object {
  return { ...rest, number };
}

function deployment(id: string, versionId: string, script = "shop"): Deployment {
  return { id, script, versionId, createdAt: 1, annotations: { "workers/message": id } };
}

const BARE: ScriptVersion = {
  id: "script-2",
  script: "shop",
  hash: "h2",
  code: "",
  bindings: [],
  compatibilityFlags: [],
  createdAt: 6,
};

async function add(catalog: Catalog, version: ScriptVersion): Promise<void> {
  expect(await catalog.commit([{ type: "version", version }])).toBe(true);
}

async function activate(catalog: Catalog, deployed: Deployment, workflows: readonly WorkflowChange[]): Promise<void> {
  const edits = workflows.map((each) => ({ type: "workflow", ...each }) as const);
  expect(await catalog.commit([{ type: "deployment", deployment: deployed }, ...edits])).toBe(true);
}

async function remove(catalog: Catalog, script: string): Promise<void> {
  expect(await catalog.commit([{ type: "script_removal", script }])).toBe(true);
}

async function putCrons(catalog: Catalog, owner: string, crons: readonly string[], from: number): Promise<void> {
  expect(await catalog.commit([{ type: "crons", kind: "script", owner, crons, from }])).toBe(true);
}

/** Defines the tests for a catalogue. */
export function catalogContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name}: catalog`, () => {
    const at = {} as OpenedStore;
    beforeEach(async () => {
      Object.assign(at, await open());
    });
    afterEach(() => at.close());

    test("a workflow is what was last put, and keeps its versions", async () => {
      const { catalog } = at;
      expect(await catalog.workflow("orders")).toBeUndefined();
      await catalog.putWorkflow(workflow("orders", 1, "v1"), workflowVersion("orders", "v1", 1));
      await catalog.putWorkflow(workflow("orders", 1, "v2"), workflowVersion("orders", "v2", 2));
      expect(await catalog.workflow("orders")).toEqual(workflow("orders", 1, "v2"));
      expect(await catalog.workflowVersion("v1")).toEqual(workflowVersion("orders", "v1", 1));
      expect(await catalog.workflowVersion("v2")).toEqual(workflowVersion("orders", "v2", 2));
      expect(await catalog.workflowVersion("v3")).toBeUndefined();
      const { items, total } = await catalog.workflows({ offset: 0, limit: 10 });
      expect([items.length, total]).toEqual([1, 1]);
    });

    test("workflows are listed newest first, by a part of the name, in slices", async () => {
      const { catalog } = at;
      const times = { "a-one": 1, "b-one": 3, "c-two": 2, "d-one": 3 };
      for (const [each, createdAt] of Object.entries(times)) {
        await catalog.putWorkflow(workflow(each, createdAt), workflowVersion(each, `${each}-1`, createdAt));
      }
      const names = async (query: { search?: string; offset: number; limit: number }): Promise<[string[], number]> => {
        const { items, total } = await catalog.workflows(query);
        return [items.map((each) => each.name), total];
      };
      expect(await names({ offset: 0, limit: 10 })).toEqual([["d-one", "b-one", "c-two", "a-one"], 4]);
      expect(await names({ search: "-one", offset: 1, limit: 1 })).toEqual([["b-one"], 3]);
      expect(await names({ search: "%", offset: 0, limit: 10 })).toEqual([[], 0]);
    });

    test("versions of a workflow are listed newest first, in slices", async () => {
      const { catalog } = at;
      for (const [id, createdAt] of [
        ["v1", 1],
        ["v2", 2],
        ["v3", 2],
      ] as const) {
        await catalog.putWorkflow(workflow("orders", 1, id), workflowVersion("orders", id, createdAt));
      }
      await catalog.putWorkflow(workflow("bills", 1, "w1"), workflowVersion("bills", "w1", 9));
      const { items, total } = await catalog.workflowVersions("orders", 0, 2);
      expect([items.map(({ id }) => id), total]).toEqual([["v3", "v2"], 3]);
      expect((await catalog.workflowVersions("orders", 2, 2)).items).toEqual([workflowVersion("orders", "v1", 1)]);
    });

    test("a version's graph is kept beside it, and goes with it", async () => {
      const { catalog } = at;
      const graph = '{"nodes":"\u{1F600}"}';
      await catalog.putWorkflow(workflow("orders", 1, "v1"), workflowVersion("orders", "v1", 1), graph);
      await catalog.putWorkflow(workflow("orders", 1, "v2"), workflowVersion("orders", "v2", 2));
      await catalog.putWorkflow(workflow("orders", 1, "v1"), workflowVersion("orders", "v1", 1));
      expect(await catalog.workflowGraph("v1")).toBe(graph);
      expect(await catalog.workflowGraph("v2")).toBeUndefined();
      expect(await catalog.workflowGraph("v3")).toBeUndefined();
      expect(await catalog.workflowVersion("v1")).toEqual({ ...workflowVersion("orders", "v1", 1), hasGraph: true });
      const { items } = await catalog.workflowVersions("orders", 0, 2);
      expect(items.map(({ hasGraph }) => hasGraph)).toEqual([false, true]);
      await catalog.removeWorkflow("orders");
      expect(await catalog.workflowGraph("v1")).toBeUndefined();
    });

    test("a workflow is removed with its versions, and those of other workflows stay", async () => {
      const { catalog } = at;
      await catalog.putWorkflow(workflow("orders", 1, "v1"), workflowVersion("orders", "v1", 1));
      await catalog.putWorkflow(workflow("bills", 1, "w1"), workflowVersion("bills", "w1", 1));
      expect(await catalog.removeWorkflow("orders")).toBe(true);
      expect(await catalog.removeWorkflow("orders")).toBe(false);
      expect(await catalog.workflow("orders")).toBeUndefined();
      expect(await catalog.workflowVersion("v1")).toBeUndefined();
      expect(await catalog.workflowVersion("w1")).toBeDefined();
    });

    test("schedules are those of the newest version; what stays goes on from where it is", async () => {
      const { catalog } = at;
      const put = (of: string, id: string, createdAt: number, crons: readonly string[]): Promise<void> =>
        catalog.putWorkflow(workflow(of, 1, id), {
          ...workflowVersion(of, id, createdAt),
          settings: crons.length === 0 ? {} : { schedules: crons.map((cron) => ({ cron })) },
        });
      const schedules = async (): Promise<string[]> =>
        (await catalog.timetable()).map((each) => `${each.owner} ${each.cron} ${each.lastFiredAt}`).toSorted();
      expect(await schedules()).toEqual([]);
      await put("orders", "v1", 10, ["0 * * * *", "5 * * * *", "0 * * * *"]);
      await put("bills", "w1", 11, ["0 * * * *"]);
      expect(await schedules()).toEqual(["bills 0 * * * * 11", "orders 0 * * * * 10", "orders 5 * * * * 10"]);
      await catalog.follow({ kind: "workflow", owner: "orders", cron: "0 * * * *" }, 30);
      await catalog.follow({ kind: "workflow", owner: "orders", cron: "0 * * * *" }, 20);
      await catalog.follow({ kind: "workflow", owner: "orders", cron: "9 * * * *" }, 20);
      await put("orders", "v2", 40, ["7 * * * *", "0 * * * *"]);
      expect(await schedules()).toEqual(["bills 0 * * * * 11", "orders 0 * * * * 30", "orders 7 * * * * 40"]);
      await put("orders", "v3", 50, []);
      expect(await schedules()).toEqual(["bills 0 * * * * 11"]);
      await put("orders", "v4", 60, ["0 * * * *"]);
      await catalog.removeWorkflow("bills");
      expect(await schedules()).toEqual(["orders 0 * * * * 60"]);
    });

    test("a workflow and a script of one name have entries of their own in the timetable", async () => {
      const { catalog } = at;
      const crons = async (...of: Parameters<typeof catalog.timetable>): Promise<string[]> =>
        (await catalog.timetable(...of)).map((each) => `${each.kind} ${each.owner} ${each.cron} ${each.lastFiredAt}`);
      await catalog.putWorkflow(workflow("clock", 1, "v1"), workflowVersion("clock", "v1", 1));
      await putCrons(catalog, "clock", ["9 * * * *", "* * * * *", "9 * * * *"], 10);
      await catalog.follow({ kind: "script", owner: "clock", cron: "* * * * *" }, 20);
      expect(await crons("script")).toEqual(["script clock 9 * * * * 10", "script clock * * * * * 20"]);
      expect(await crons("workflow")).toEqual(["workflow clock * * * * * 1"]);
      await putCrons(catalog, "clock", ["* * * * *", "5 * * * *"], 30);
      expect(await crons("script")).toEqual(["script clock * * * * * 20", "script clock 5 * * * * 30"]);
      await putCrons(catalog, "clock", [], 40);
      expect(await crons()).toEqual(["workflow clock * * * * * 1"]);
    });

    test("the script version that was put last is the active one; older ones stay as they were", async () => {
      const { catalog } = at;
      expect(await catalog.activeScript("shop")).toBeUndefined();
      await catalog.putScriptVersion(FULL);
      await catalog.putScriptVersion(BARE);
      expect(await catalog.activeScript("shop")).toEqual(BARE);
      expect(await catalog.scriptVersion("script-1")).toEqual(FULL);
      await catalog.putScriptVersion({ ...FULL, code: "other" });
      expect(await catalog.activeScript("shop")).toEqual(FULL);
      await catalog.putScriptVersion({ ...BARE, id: "script-3", script: "bank" });
      expect(await catalog.scriptNames()).toEqual(["bank", "shop"]);
      expect(await catalog.scriptVersion("script-9")).toBeUndefined();
    });

    test("versions of a script are counted, and listed newest first without their code", async () => {
      const { catalog } = at;
      await add(catalog, FULL);
      await add(catalog, { ...BARE, id: "other", script: "bank" });
      await add(catalog, BARE);
      await add(catalog, { ...FULL, code: "other" });
      expect(await catalog.activeScript("shop")).toBeUndefined();
      expect(await catalog.scriptNames()).toEqual([]);
      expect(await catalog.scriptVersion("script-1")).toEqual(FULL);
      expect(await catalog.scriptVersionInfo("script-1")).toEqual(info(FULL, 1));
      expect(await catalog.scriptVersionInfo("script-9")).toBeUndefined();
      expect(await catalog.scriptVersions("shop", 0, 9)).toEqual({ items: [info(BARE, 2), info(FULL, 1)], total: 2 });
      expect(await catalog.scriptVersions("shop", 1, 1)).toEqual({ items: [info(FULL, 1)], total: 2 });
    });

    test("a deployment is in force with the workflows that came with it, and the newest is first", async () => {
      const { catalog } = at;
      await add(catalog, FULL);
      await add(catalog, BARE);
      const seen: unknown[] = [];
      catalog.watch((change) => seen.push(change));
      await activate(catalog, deployment("d1", "script-1"), [
        { workflow: workflow("orders", 1, "v1"), version: workflowVersion("orders", "v1", 1), graph: "{}" },
        { workflow: { ...workflow("bills", 2), script: "bank" }, version: workflowVersion("bills", "bills-1", 2) },
      ]);
      expect(seen).toEqual([{ workflow: "orders" }, { workflow: "bills" }]);
      expect(await catalog.activeScript("shop")).toEqual(FULL);
      expect(await catalog.workflowGraph("v1")).toBe("{}");
      expect(await catalog.workflowsOf("shop")).toEqual([workflow("orders", 1, "v1")]);
      await activate(catalog, deployment("d2", "script-2"), []);
      await activate(catalog, deployment("d3", "script-1"), []);
      await activate(catalog, deployment("d4", "script-1", "bank"), []);
      expect(await catalog.deployments("shop", 0, 2)).toEqual({
        items: [deployment("d3", "script-1"), deployment("d2", "script-2")],
        total: 3,
      });
      expect((await catalog.deployments("shop", 2, 2)).items).toEqual([deployment("d1", "script-1")]);
      expect(await catalog.scriptNames()).toEqual(["bank", "shop"]);
    });

    test("a removed script is forgotten but for its workflows and their code, and begins anew", async () => {
      const { catalog } = at;
      await add(catalog, FULL);
      await add(catalog, { ...BARE, id: "unused" });
      await catalog.putScriptVersion({ ...BARE, id: "other", script: "bank" });
      await activate(catalog, deployment("d1", "script-1"), [
        { workflow: workflow("orders", 1, "v1"), version: workflowVersion("orders", "v1", 1) },
      ]);
      await catalog.putWorkflow({ ...workflow("bills", 1, "w1"), script: "bank" }, workflowVersion("bills", "w1", 1));
      const seen: unknown[] = [];
      catalog.watch((change) => seen.push(change));
      expect(await catalog.activeScript("shop")).toEqual(FULL);
      await remove(catalog, "shop");
      await remove(catalog, "shop");
      expect(seen).toEqual([{ workflow: "orders" }]);
      expect(await catalog.activeScript("shop")).toBeUndefined();
      expect(await catalog.workflow("orders")).toEqual(workflow("orders", 1, "v1"));
      expect(await catalog.workflowVersion("v1")).toEqual(workflowVersion("orders", "v1", 1));
      expect(await catalog.scriptVersion("script-1")).toEqual(FULL);
      expect(await catalog.scriptVersion("unused")).toBeUndefined();
      expect(await catalog.scriptVersionInfo("script-1")).toBeUndefined();
      expect(await catalog.scriptVersions("shop", 0, 9)).toEqual({ items: [], total: 0 });
      expect(await catalog.deployments("shop", 0, 9)).toEqual({ items: [], total: 0 });
      expect((await catalog.timetable()).map((each) => each.owner)).toEqual(["bills"]);
      expect(await catalog.scriptNames()).toEqual(["bank"]);
      await add(catalog, BARE);
      expect(await catalog.scriptVersionInfo("script-2")).toEqual(info(BARE, 1));
    });

    test("the kept versions of a removed script are deleted with the last workflow that points to them", async () => {
      const { catalog } = at;
      const deploy = async (id: string): Promise<void> => {
        await add(catalog, { ...BARE, id });
        const version = { ...workflowVersion("orders", `of-${id}`, 1), scriptVersionId: id };
        await activate(catalog, deployment(`by-${id}`, id), [{ workflow: workflow("orders", 1, version.id), version }]);
      };
      await deploy("first");
      await catalog.putWorkflow(workflow("bills", 1), { ...workflowVersion("bills", "bills-1", 1), scriptVersionId: "first" });
      await remove(catalog, "shop");
      await deploy("second");
      await remove(catalog, "shop");
      await deploy("third");
      expect((await catalog.activeScript("shop"))?.id).toBe("third");
      const left = async (): Promise<boolean[]> =>
        Promise.all(["first", "second", "third"].map(async (id) => (await catalog.scriptVersion(id)) !== undefined));
      expect(await left()).toEqual([true, true, true]);
      await catalog.removeWorkflow("orders");
      expect(await left()).toEqual([true, false, true]);
      await catalog.removeWorkflow("bills");
      expect(await left()).toEqual([false, false, true]);
    });

    test("versions that are neither new nor in force are spare, and can be deleted", async () => {
      const { catalog } = at;
      const deploy = async (n: number): Promise<void> => {
        await add(catalog, { ...BARE, id: `s${n}` });
        const version = { ...workflowVersion("orders", `w${n}`, n), scriptVersionId: `s${n}` };
        await activate(catalog, deployment(`d${n}`, `s${n}`), [{ workflow: workflow("orders", 1, version.id), version }]);
      };
      for (const n of [1, 2, 3, 4, 5]) await deploy(n);
      // Back to an old one, by which another workflow goes as well.
      const back = { ...workflowVersion("orders", "w6", 6), scriptVersionId: "s2" };
      await activate(catalog, deployment("d6", "s2"), [{ workflow: workflow("orders", 1, "w6"), version: back }]);
      await catalog.putWorkflow(workflow("bills", 1), { ...workflowVersion("bills", "bills-1", 1), scriptVersionId: "s1" });
      const sorted = async (keep: number): Promise<string[]> => {
        const { workflowVersions, scriptVersions } = await catalog.spareVersions(keep);
        return [...workflowVersions, ...scriptVersions].sort();
      };
      expect(await sorted(9)).toEqual([]);
      expect(await sorted(2)).toEqual(["s3", "w1", "w2", "w3", "w4"]);
      await catalog.removeVersions({ workflowVersions: ["w1", "w4", "w6", "bills-1"], scriptVersions: ["s1", "s2", "s3"] });
      const present = async (...ids: readonly string[]): Promise<string[]> => {
        const found = await Promise.all(
          ids.map(async (id) => (await catalog.workflowVersion(id)) ?? (await catalog.scriptVersion(id))),
        );
        return found.flatMap((each) => (each === undefined ? [] : [each.id]));
      };
      expect(await present("w1", "w2", "w4", "w6", "bills-1", "s1", "s2", "s3", "s4")).toEqual([
        "w2",
        "w6",
        "bills-1",
        "s1",
        "s2",
        "s4",
      ]);
      const { items } = await catalog.deployments("shop", 0, 9);
      expect(items.map(({ id }) => id)).toEqual(["d6", "d5", "d4", "d2", "d1"]);
      expect((await catalog.scriptVersions("shop", 0, 9)).items.map(({ number }) => number)).toEqual([5, 4, 2, 1]);
      // What is left of a removed script is spare as soon as nothing in force needs it.
      await remove(catalog, "shop");
      expect(await sorted(9)).toEqual(["s5"]);
      await catalog.putWorkflow(workflow("orders", 1, "w7"), { ...workflowVersion("orders", "w7", 7), scriptVersionId: "s1" });
      expect(await sorted(9)).toContain("s2");
    });

    test("a change is made as a whole, or not at all when something else has changed since", async () => {
      const { catalog } = at;
      const before = await catalog.revision();
      const own = [
        { type: "version", version: FULL },
        { type: "deployment", deployment: deployment("d1", "script-1") },
        { type: "workflow", workflow: workflow("orders", 1, "v1"), version: workflowVersion("orders", "v1", 1) },
        { type: "resource", resource: { type: "kv", id: "1", name: "b", createdAt: 5 } },
        { type: "object_classes", script: "shop", classes: { namespaces: { Counter: "n1" } } },
        { type: "host_names", script: "shop", hostNames: ["a.example"] },
      ] as const;
      await catalog.commit([{ type: "made_worker", worker: { name: "other", createdAt: 1 } }]);
      const seen: unknown[] = [];
      catalog.watch((change) => seen.push(change));
      expect(await catalog.commit(own, before)).toBe(false);
      expect(seen).toEqual([]);
      expect(await catalog.activeScript("shop")).toBeUndefined();
      expect([await catalog.workflow("orders"), await catalog.scriptVersion("script-1")]).toEqual([undefined, undefined]);
      expect([await catalog.resources("kv"), await catalog.hostNames()]).toEqual([[], []]);
      expect(await catalog.commit(own, await catalog.revision())).toBe(true);
      expect(seen).toEqual([{ workflow: "orders" }]);
      expect(await catalog.activeScript("shop")).toEqual(FULL);
      expect(await catalog.resource("kv", "1")).toBeDefined();
      expect(await catalog.objectClasses("shop")).toEqual({ namespaces: { Counter: "n1" } });
      expect(await catalog.hostNames()).toEqual([{ hostName: "a.example", script: "shop" }]);
    });

    test.each<[string, (catalog: Catalog) => Promise<unknown>]>([
      ["a workflow that is put", (of) => of.putWorkflow(workflow("orders", 1, "v1"), workflowVersion("orders", "v1", 1))],
      ["a workflow that is removed", (of) => of.removeWorkflow("orders")],
      ["a resource that is removed", (of) => of.removeResource("kv", "1")],
      ["a resource that is renamed", (of) => of.renameResource("kv", "1", "c")],
      ["a change", (of) => of.commit([{ type: "crons", kind: "script", owner: "shop", crons: ["* * * * *"], from: 1 }])],
    ])("%s is a change since", async (_, change) => {
      const { catalog } = at;
      await catalog.putWorkflow(workflow("orders", 1, "v0"), workflowVersion("orders", "v0", 1));
      await catalog.addResource({ type: "kv", id: "1", name: "b", createdAt: 5 });
      const revision = await catalog.revision();
      await change(catalog);
      expect(await catalog.commit([], revision)).toBe(false);
    });

    test("a fired cron trigger, a read and an account setting do not change the revision", async () => {
      const { catalog } = at;
      await putCrons(catalog, "clock", ["* * * * *"], 1);
      const revision = await catalog.revision();
      await catalog.follow({ kind: "script", owner: "clock", cron: "* * * * *" }, 2);
      await catalog.putToken({ id: "t1", label: "ci", hash: "aa", role: "viewer", createdAt: 1 });
      await catalog.changeSetting("limits", () => "1");
      await catalog.scriptNames();
      expect(await catalog.commit([], revision)).toBe(true);
    });

    test("lists of a script and of the account are replaced as a whole", async () => {
      const { catalog } = at;
      const targets = [{ type: "workflow", script_name: "shop", workflow_name: "orders" }] as const;
      const triggers = [
        { type: "r2", filter: { a: 1 }, targets },
        { type: "kv", targets },
      ] as const;
      const settings = { tags: ["a"], logpush: false, observability: { enabled: true } };
      const classes = { tag: "v1", namespaces: { B: "n1", A: "n2" } };
      const key = { id: "k1", name: "mail", limit: 3, createdAt: 1, modifiedAt: 2 };
      const script = "shop";
      await catalog.commit([
        { type: "host_names", script, hostNames: ["b.example", "a.example"] },
        { type: "host_names", script: "bank", hostNames: ["b.example"] },
        { type: "routes", script, patterns: ["a.example/*", "b.example/*"] },
        { type: "event_triggers", script, triggers },
        { type: "script_settings", script, settings },
        { type: "object_classes", script, classes },
        { type: "concurrency_keys", keys: [key] },
      ]);
      expect(await catalog.hostNames()).toEqual([
        { hostName: "a.example", script },
        { hostName: "b.example", script: "bank" },
      ]);
      expect((await catalog.routes()).map(({ pattern }) => pattern)).toEqual(["a.example/*", "b.example/*"]);
      expect(await catalog.eventTriggers(script)).toEqual(triggers);
      expect(await catalog.scriptSettings(script)).toEqual(settings);
      expect(await catalog.objectClasses(script)).toEqual(classes);
      expect(await catalog.concurrencyKeys()).toEqual([key]);
      expect([await catalog.scriptSettings("bank"), await catalog.objectClasses("bank")]).toEqual([{}, { namespaces: {} }]);
      await catalog.commit([
        { type: "routes", script, patterns: [] },
        { type: "event_triggers", script, triggers: [] },
        { type: "script_settings", script, settings: {} },
        { type: "object_classes", script, classes: { namespaces: {} } },
        { type: "concurrency_keys", keys: [{ ...key, limit: 4 }] },
      ]);
      expect([await catalog.routes(), await catalog.eventTriggers(script), await catalog.scriptSettings(script)]).toEqual([
        [],
        [],
        {},
      ]);
      expect(await catalog.objectClasses(script)).toEqual({ namespaces: {} });
      expect(await catalog.concurrencyKeys()).toEqual([{ ...key, limit: 4 }]);
    });

    test("all that is kept of a removed script goes with it, and nothing of another", async () => {
      const { catalog } = at;
      const own = (script: string): Parameters<typeof catalog.commit>[0] => [
        { type: "version", version: { ...BARE, id: `of-${script}`, script } },
        { type: "deployment", deployment: deployment(`by-${script}`, `of-${script}`, script) },
        { type: "crons", kind: "script", owner: script, crons: ["* * * * *"], from: 1 },
        { type: "host_names", script, hostNames: [`${script}.example`] },
        { type: "routes", script, patterns: [`${script}.example/*`] },
        { type: "event_triggers", script, triggers: [{ type: "r2", targets: [] }] },
        { type: "script_settings", script, settings: { tags: [script] } },
        { type: "object_classes", script, classes: { tag: "v1", namespaces: { A: "n" } } },
        { type: "made_worker", worker: { name: script, createdAt: 1 } },
      ];
      await catalog.commit([...own("shop"), ...own("bank")]);
      const kept = async (script: string): Promise<unknown[]> => [
        await catalog.activeScript(script),
        (await catalog.timetable("script")).find(({ owner }) => owner === script),
        (await catalog.hostNames()).find((each) => each.script === script),
        (await catalog.routes()).find((each) => each.script === script),
        (await catalog.eventTriggers(script))[0],
        (await catalog.scriptSettings(script)).tags,
        (await catalog.objectClasses(script)).tag,
        (await catalog.objectClasses(script)).namespaces["A"],
        (await catalog.madeWorkers()).find(({ name: made }) => made === script),
      ];
      await remove(catalog, "shop");
      expect((await kept("shop")).filter((each) => each !== undefined)).toEqual([]);
      expect((await kept("bank")).filter((each) => each === undefined)).toEqual([]);
    });

    test("a watcher is notified of each change, and reads the changed value", async () => {
      const { catalog } = at;
      const seen: unknown[] = [];
      catalog.watch((change) => seen.push(change));
      const first: unknown[] = [];
      catalog.watch(() => first.push(catalog.workflow("orders"), catalog.setting("limits")));
      await catalog.putWorkflow(workflow("orders", 1, "v1"), workflowVersion("orders", "v1", 1));
      await catalog.changeSetting("limits", () => "1");
      await catalog.removeWorkflow("orders");
      expect(seen).toEqual([{ workflow: "orders" }, { setting: "limits" }, { workflow: "orders" }]);
      const found = workflow("orders", 1, "v1");
      expect(await Promise.all(first)).toEqual([found, undefined, found, "1", undefined, "1"]);
    });

    test("tokens and settings", async () => {
      const { catalog } = at;
      const first = { id: "t1", label: "ci", hash: "aa", role: "viewer", createdAt: 1 } as const;
      const second = { id: "t2", label: "me", hash: "bb", role: "admin", createdAt: 2 } as const;
      await catalog.putToken(second);
      await catalog.putToken(first);
      expect(await catalog.tokens()).toEqual([first, second]);
      expect(await catalog.removeToken("t1")).toBe(true);
      expect(await catalog.removeToken("t1")).toBe(false);
      expect(await catalog.tokens()).toEqual([second]);
      expect(await catalog.setting("limits")).toBeUndefined();
      await catalog.changeSetting("limits", () => "1");
      await catalog.changeSetting("limits", () => "2");
      expect(await catalog.setting("limits")).toBe("2");
    });

    test("users, each name once", async () => {
      const { catalog } = at;
      const ada = { name: "ada", role: "operator", password: "x", createdAt: 2 } as const;
      const bob = { name: "bob", role: "observer", password: "y", createdAt: 1 } as const;
      await catalog.putUser(bob);
      await catalog.putUser(ada);
      expect(await catalog.users()).toEqual([ada, bob]);
      await catalog.putUser({ ...ada, role: "admin", password: "z" });
      expect(await catalog.users()).toEqual([{ ...ada, role: "admin", password: "z" }, bob]);
      expect(await catalog.removeUser("ada")).toBe(true);
      expect(await catalog.removeUser("ada")).toBe(false);
      expect(await catalog.users()).toEqual([bob]);
    });

    test("a setting is changed with nothing in between, or not at all", async () => {
      const { catalog } = at;
      const append = (text: string): Promise<void> => catalog.changeSetting("list", (before = "") => before + text);
      await Promise.all(["a", "b", "c"].map(append));
      expect(await catalog.setting("list")).toBe("abc");
      const refusal = new Error("no");
      await expect(
        catalog.changeSetting("list", () => {
          throw refusal;
        }),
      ).rejects.toBe(refusal);
      expect(await catalog.setting("list")).toBe("abc");
    });

    test("resources have ids and names that no other of their type has", async () => {
      const { catalog } = at;
      const kv = { type: "kv", id: "1", name: "b", createdAt: 5 } as const;
      expect(await catalog.addResource(kv)).toBe(true);
      expect(await catalog.addResource({ ...kv, name: "other" })).toBe(false);
      expect(await catalog.addResource({ ...kv, id: "other" })).toBe(false);
      expect(await catalog.addResource({ ...kv, type: "d1" })).toBe(true);
      expect(await catalog.addResource({ ...kv, id: "2", name: "a" })).toBe(true);
      expect(await catalog.resources("kv")).toEqual([{ ...kv, id: "2", name: "a" }, kv]);
      expect(await catalog.resource("kv", "1")).toEqual(kv);
      expect(await catalog.resource("r2", "1")).toBeUndefined();
      expect(await catalog.resourceNamed("kv", "b")).toEqual(kv);
      expect(await catalog.renameResource("kv", "1", "a")).toBe(false);
      expect(await catalog.renameResource("kv", "none", "c")).toBe(false);
      expect(await catalog.renameResource("kv", "1", "b")).toBe(true);
      expect(await catalog.renameResource("kv", "1", "c")).toBe(true);
      expect(await catalog.resourceNamed("kv", "c")).toEqual({ ...kv, name: "c" });
      expect(await catalog.removeResource("kv", "1")).toBe(true);
      expect(await catalog.removeResource("kv", "1")).toBe(false);
      expect(await catalog.resources("kv")).toHaveLength(1);
      expect(await catalog.resources("d1")).toHaveLength(1);
    });
  });
}
