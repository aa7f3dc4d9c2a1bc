/** Deploying: what gets a new version, what does not, and that a refusal leaves everything as it was. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Binding } from "../../ports/catalog/bindings.ts";
import type { Catalog } from "../../ports/catalog/catalog.ts";
import type { DeclaredWorkflow, ScriptVersion } from "../../ports/catalog/script-versions.ts";
import { noVault } from "../../noop/vault.ts";
import { openMemoryStore } from "../../stores/memory/open.ts";
import type { Bundle } from "../build/bundle.ts";
import { plainBuild } from "../build/options.ts";
import type { ProjectConfig } from "../config/project.ts";
import { deploy, type DevDeployment } from "./deploy.ts";
import { ProjectError } from "../config/project-error.ts";
import { systemClock } from "../../system/clock.ts";
import { systemIds } from "../../system/ids.ts";

let catalog: Catalog;
let loaded: ScriptVersion[];

beforeEach(() => {
  ({ catalog } = openMemoryStore());
  loaded = [];
});

const BINDINGS: readonly Binding[] = [
  { type: "plain_text", name: "MODE", text: "test" },
  { type: "secret_text", name: "KEY", text: "hunter2" },
  { type: "workflow", name: "ORDERS", workflow: "orders", className: "Order" },
  { type: "workflow", name: "MAIL", workflow: "mail", className: "Mail", script: "post" },
];

const ORDERS = { name: "orders", className: "Order", settings: { limits: { steps: 2000 }, concurrency: { limit: 3 } } };
const RETURNS = { name: "returns", className: "Return", settings: {} };

const CONFIG: ProjectConfig = {
  name: "shop",
  file: "/shop/wrangler.json",
  folder: "/shop",
  compatibilityDate: "2026-11-01",
  compatibilityFlags: ["nodejs_compat"],
  workflows: [ORDERS, RETURNS],
  bindings: BINDINGS,
  databaseNames: {},
  routes: [],
  migrations: {},
  objects: { exports: {} },
  crons: [],
  queues: {},
  assets: {},
  build: plainBuild("/shop", "src/index.ts"),
  listen: { protocol: "http" },
  origin: { protocol: "http" },
  inputs: [],
  secretsFrom: [],
  warnings: [],
};

const BUNDLE: Bundle = {
  code: "the code",
  sourceMap: "the map",
  modules: [],
  exports: ["Order", "Return", "default"],
  inputs: [],
  warnings: [],
};

interface Change {
  readonly config?: Partial<ProjectConfig>;
  readonly bundle?: Partial<Bundle>;
  readonly load?: () => Promise<void>;
}

const put = ({ config, bundle, load = () => Promise.resolve() }: Change = {}): Promise<DevDeployment> => {
  const loading = (version: ScriptVersion): Promise<void> => {
    loaded.push(version);
    return load();
  };
  return deploy(
    { catalog, clock: systemClock, ids: systemIds, vault: noVault, load: loading },
    { ...CONFIG, ...config },
    { ...BUNDLE, ...bundle },
  );
};

/** Everything that a deployment may touch. */
const everything = async (): Promise<unknown> => ({
  script: await catalog.activeScript("shop"),
  names: await catalog.scriptNames(),
  workflows: await catalog.workflows({ offset: 0, limit: 100 }),
  orders: await catalog.workflowVersions("orders", 0, 100),
  returns: await catalog.workflowVersions("returns", 0, 100),
  schedules: await catalog.timetable(),
});

const withSchedules = (workflow: DeclaredWorkflow, crons: readonly string[]): DeclaredWorkflow => ({
  ...workflow,
  settings: { schedules: crons.map((cron) => ({ cron })) },
});

const versionsOf = async (workflow: string): Promise<number> => (await catalog.workflowVersions(workflow, 0, 1)).total;

describe("the first deployment", () => {
  test("makes a version of the script, and one of each workflow that it has the class of", async () => {
    const { scriptVersionId, ...deployment } = await put();
    expect(deployment).toEqual({ script: "shop", changed: true, workflows: ["orders", "returns"] });
    expect(await catalog.activeScript("shop")).toMatchObject({
      id: scriptVersionId,
      code: "the code",
      sourceMap: "the map",
      compatibilityDate: "2026-11-01",
      compatibilityFlags: ["nodejs_compat"],
      bindings: BINDINGS,
    });
    const orders = await catalog.workflow("orders");
    expect(orders).toMatchObject({ className: "Order", script: "shop" });
    expect(await catalog.workflowVersion(orders?.versionId ?? "")).toMatchObject({
      scriptVersionId,
      className: "Order",
      settings: { limits: { steps: 2000 }, concurrency: { limit: 3 } },
    });
    expect(await catalog.workflow("mail")).toBeUndefined();
  });

  test("loads the code before anything points to it", async () => {
    await put({
      load: async () => {
        expect(await catalog.activeScript("shop")).toBeUndefined();
      },
    });
    expect(loaded).toHaveLength(1);
  });
});

describe("the next deployment", () => {
  test("of the same changes nothing, and loads nothing", async () => {
    const first = await put();
    const before = await everything();
    expect(await put()).toEqual({ ...first, changed: false });
    expect(await put({ bundle: { sourceMap: "another map", inputs: ["elsewhere"] } })).toEqual({ ...first, changed: false });
    expect(await everything()).toEqual(before);
    expect(loaded).toHaveLength(1);
  });

  test.each<[string, Change]>([
    ["code", { bundle: { code: "other code" } }],
    ["a module", { bundle: { modules: [{ name: "./a.txt", type: "text", content: "a" }] } }],
    ["a variable", { config: { bindings: [{ type: "plain_text", name: "MODE", text: "live" }, ...BINDINGS.slice(1)] } }],
    ["a secret", { config: { bindings: [...BINDINGS, { type: "secret_text", name: "OTHER", text: "other" }] } }],
    [
      "a secret's value",
      { config: { bindings: BINDINGS.map((each) => (each.name === "KEY" ? { ...each, text: "other" } : each)) } },
    ],
    ["a flag", { config: { compatibilityFlags: [] } }],
    ["the date", { config: { compatibilityDate: "2026-11-02" } }],
  ])("of other %s makes new versions, and keeps the old ones", async (_, change) => {
    const first = await put();
    const before = await catalog.workflow("orders");
    const second = await put(change);
    expect(second.changed).toBe(true);
    expect(second.scriptVersionId).not.toBe(first.scriptVersionId);
    expect((await catalog.activeScript("shop"))?.id).toBe(second.scriptVersionId);
    expect(await catalog.scriptVersion(first.scriptVersionId)).toMatchObject({ code: "the code" });
    const after = await catalog.workflow("orders");
    expect([after?.id, after?.createdAt]).toEqual([before?.id, before?.createdAt]);
    expect(after?.versionId).not.toBe(before?.versionId);
    expect(await versionsOf("orders")).toBe(2);
  });

  test("of other settings of one workflow makes a version of that one", async () => {
    await put();
    const { changed } = await put({ config: { workflows: [{ ...ORDERS, settings: { limits: { steps: 3000 } } }, RETURNS] } });
    expect(changed).toBe(false);
    expect([await versionsOf("orders"), await versionsOf("returns")]).toEqual([2, 1]);
  });

  test("has the schedules that it names, and no others", async () => {
    const scheduled = (crons: readonly string[]): Change => ({ config: { workflows: [withSchedules(ORDERS, crons), RETURNS] } });
    const crons = async (): Promise<string[]> => (await catalog.timetable()).map(({ owner, cron }) => `${owner}: ${cron}`);
    await put(scheduled(["0 * * * *", "5 * * * *"]));
    expect(await crons()).toEqual(["orders: 0 * * * *", "orders: 5 * * * *"]);
    await put(scheduled(["5 * * * *"]));
    expect(await crons()).toEqual(["orders: 5 * * * *"]);
    await put(scheduled([]));
    expect(await crons()).toEqual([]);
  });

  test("that is an old one again makes that one active", async () => {
    await put();
    await put({ bundle: { code: "other code" } });
    await put();
    expect((await catalog.activeScript("shop"))?.code).toBe("the code");
    expect(await versionsOf("orders")).toBe(3);
  });
});

describe("a refusal changes nothing", () => {
  test.each([
    [["Return", "default"], 'src/index.ts exports no class "Order", which the workflow "orders" needs (it exports Return)'],
    [["Order", "Other"], 'src/index.ts exports no class "Return", which the workflow "returns" needs (it exports Order, Other)'],
    [["default"], 'src/index.ts exports no class "Order", which the workflow "orders" needs (it exports no classes)'],
  ])("of a bundle that exports %j", async (exports, message) => {
    await put();
    const before = await everything();
    await expect(put({ bundle: { code: "other code", exports } })).rejects.toThrow(new ProjectError(message));
    expect(await everything()).toEqual(before);
    expect(loaded).toHaveLength(1);
  });

  test("of more schedules than an account may have", async () => {
    await put();
    const before = await everything();
    const many = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `${from + i} * * * *`);
    const workflows = [withSchedules(ORDERS, many(0, 60)), withSchedules(RETURNS, [...many(0, 41), "0 * * * *"])];
    await expect(put({ config: { workflows } })).rejects.toThrow(
      new ProjectError("/shop/wrangler.json: workflows[].schedules: at most 100 schedules are allowed, found 101"),
    );
    expect(await everything()).toEqual(before);
    const fitting = [withSchedules(ORDERS, many(0, 60)), withSchedules(RETURNS, many(0, 40))];
    await put({ config: { workflows: fitting } });
    expect(await catalog.timetable()).toHaveLength(100);
    await put({ config: { workflows: fitting } });
  });

  test("of schedules that another deployment has taken in the meantime", async () => {
    const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i} * * * *`);
    const project = (name: string, workflow: string): Change => ({
      config: { name, bindings: [], workflows: [withSchedules({ name: workflow, className: "Order" }, many(60))] },
    });
    const plain = (name: string, workflow: string): Change => ({
      config: { name, bindings: [], workflows: [{ name: workflow, className: "Order", settings: {} }] },
    });
    // Unchanged code: the deployment changes the workflow's settings alone.
    await put(plain("shop", "orders"));
    await put(plain("bank", "bills"));
    const results = await Promise.allSettled([put(project("shop", "orders")), put(project("bank", "bills"))]);
    expect(results).toMatchObject([{ status: "fulfilled" }, { status: "rejected", reason: { constructor: ProjectError } }]);
    expect(await catalog.timetable()).toHaveLength(60);
    // New code.
    const news = await Promise.allSettled(["a", "b"].map((name) => put(project(name, `of-${name}`))));
    const refused = { status: "rejected", reason: { constructor: ProjectError } };
    expect(news).toMatchObject([refused, refused]);
    expect(await catalog.scriptNames()).toEqual(["bank", "shop"]);
  });

  test("of code that does not load", async () => {
    await put();
    const before = await everything();
    const broken: Change = { bundle: { code: "broken" }, load: () => Promise.reject(new Error("It does not load")) };
    await expect(put(broken)).rejects.toThrow("It does not load");
    expect(await everything()).toEqual(before);
  });
});
