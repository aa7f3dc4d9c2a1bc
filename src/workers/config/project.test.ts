/** A project's configuration: what is taken of it, and what is said of each mistake. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Binding } from "../../ports/catalog/bindings.ts";
import { ProjectError } from "./project-error.ts";
import { readProject, type ProjectConfig, type ProjectOptions } from "./project.ts";

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "stepwell-config-")));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

const PLAIN = { name: "shop", main: "src/index.ts", compatibility_date: "2026-11-01" };

async function project(fields: object, options: ProjectOptions = {}): Promise<ProjectConfig> {
  await write("wrangler.json", JSON.stringify({ ...PLAIN, ...fields }));
  return readProject(folder, options);
}

/** What is said of a configuration, without the folder's name in it. */
async function mistake(fields: object, options: ProjectOptions = {}): Promise<string> {
  const error: unknown = await project(fields, options).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(ProjectError);
  return (error as Error).message.replaceAll(`${folder}/`, "");
}

const texts = ({ bindings }: ProjectConfig): Record<string, unknown> =>
  Object.fromEntries(
    bindings.flatMap((each): [string, unknown][] => {
      if (each.type === "json") return [[each.name, each.json]];
      return each.type === "plain_text" || each.type === "secret_text" ? [[each.name, `${each.type} ${each.text}`]] : [];
    }),
  );

describe("a configuration", () => {
  const TOML = `name = "shop"\nmain = "src/index.ts"\n[vars]\nMODE = "toml"\n[env.staging]\nvars = { MODE = "staging" }\n`;
  const JSONC = `{ // a comment\n "name": "shop", "main": "src/index.ts", "vars": { "MODE": "jsonc", }, }`;

  test.each([
    ["wrangler.json", JSONC, "jsonc"],
    ["wrangler.jsonc", JSONC, "jsonc"],
    ["wrangler.toml", TOML, "toml"],
    ["wrangler.jsonc", `\uFEFF${JSONC.replaceAll("\n", "\r\n")}`, "jsonc"],
  ])("is read from %s", async (file, text, mode) => {
    await write(file, text);
    const read = await readProject(folder);
    expect(read).toMatchObject({ name: "shop", file: join(folder, file), folder, build: { main: join(folder, "src/index.ts") } });
    expect(texts(read)).toEqual({ MODE: `plain_text ${mode}` });
  });

  test("is the one above the folder when there is none in it", async () => {
    await write("wrangler.toml", TOML);
    await mkdir(join(folder, "src/deep"), { recursive: true });
    expect(await readProject(join(folder, "src/deep"))).toMatchObject({ folder, file: join(folder, "wrangler.toml") });
  });

  test("is the one that is named", async () => {
    await write("wrangler.json", JSON.stringify(PLAIN));
    await write("other/wrangler.production.json", JSON.stringify({ ...PLAIN, name: "other" }));
    const read = await readProject(folder, { file: join(folder, "other/wrangler.production.json") });
    expect(read).toMatchObject({
      name: "other",
      folder: join(folder, "other"),
      build: { main: join(folder, "other/src/index.ts") },
    });
  });

  test("is the one that a framework has built, while secrets stay beside the project's own", async () => {
    await write("wrangler.json", JSON.stringify(PLAIN));
    await write(".dev.vars", "SECRET=s\n");
    await write(".wrangler/deploy/config.json", '{ "configPath": "../../dist/wrangler.json" }');
    const exports = { Main: { type: "workflow", name: "built" } };
    await write("dist/wrangler.json", JSON.stringify({ name: "built", main: "out.js", no_bundle: true, exports }));
    const read = await readProject(folder);
    expect(read).toMatchObject({
      name: "built",
      folder,
      workflows: [{ name: "built", className: "Main" }],
      build: { main: join(folder, "dist/out.js"), bundles: false, findsModules: true },
    });
    expect(texts(read)).toEqual({ SECRET: "secret_text s" });
    expect(read.inputs).toEqual(
      expect.arrayContaining([join(folder, ".wrangler/deploy/config.json"), join(folder, "wrangler.json")]),
    );
  });

  test("without a name is called as wrangler calls it, and without code it has assets", async () => {
    await write("wrangler.json", JSON.stringify({ assets: { directory: "./public", html_handling: "none" } }));
    const read = await readProject(folder);
    expect(read).toMatchObject({ name: "worker", assets: { directory: join(folder, "public"), html_handling: "none" } });
    expect(read.build).toBeUndefined();
  });
});

describe("an environment", () => {
  test("inherits the paths of a custom build and of tsconfig, wherever the project and the process are", async () => {
    const shallow = folder;
    try {
      // Deeper than the process's own folder: a path that is made relative twice would not end at the root.
      folder = join(
        folder,
        ...process
          .cwd()
          .split("/")
          .map(() => "deep"),
      );
      const fields = {
        tsconfig: "t.json",
        build: { command: "make", cwd: "sub", watch_dir: ["src", "lib"] },
        env: { staging: {}, own: {} },
      };
      const own = { ...fields, env: { own: { tsconfig: "u.json", build: { command: "make" } } } };
      const pathsOf = ({ build }: ProjectConfig): unknown => [build?.tsconfig, build?.command?.cwd, build?.command?.trees];
      const wanted = [join(folder, "t.json"), join(folder, "sub"), [join(folder, "src"), join(folder, "lib")]];
      expect(pathsOf(await project(fields))).toEqual(wanted);
      expect(pathsOf(await project(fields, { env: "staging" }))).toEqual(wanted);
      expect(pathsOf(await project(own, { env: "own" }))).toEqual([join(folder, "u.json"), folder, [join(folder, "src")]]);
    } finally {
      folder = shallow;
    }
  });

  const ENV = {
    vars: { MODE: "top" },
    workflows: [{ binding: "WF", name: "orders", class_name: "Order" }],
    exports: { Mail: { type: "workflow", name: "mail" } },
    env: { staging: { workflows: [{ binding: "WF", name: "orders-staging", class_name: "Order", concurrency: { limit: 2 } }] } },
  };

  test("has a name of its own, its own bindings, and inherits the rest", async () => {
    const read = await project(ENV, { env: "staging" });
    expect(read).toMatchObject({
      name: "shop-staging",
      compatibilityDate: "2026-11-01",
      workflows: [
        { name: "orders-staging", className: "Order", settings: { concurrency: { limit: 2 } } },
        { name: "mail", className: "Mail", settings: {} },
      ],
    });
    expect(texts(read)).toEqual({});
    expect(read.warnings.join("\n")).toContain('"vars" exists at the top level, but not on "env.staging"');
  });

  test("that is not there is refused with those that are", async () => {
    expect(await mistake(ENV, { env: "stagin" })).toMatch(/No environment found .* "stagin"[\s\S]*\["staging"\]/);
  });
});

describe("variables and secrets", () => {
  test.each<[string, Readonly<Record<string, string>>, ProjectOptions, Record<string, unknown>]>([
    ["variables", {}, {}, { A: "plain_text top", N: [1] }],
    [".dev.vars", { ".dev.vars": "A=dev\n", ".env": "B=env\n" }, {}, { A: "secret_text dev", N: [1] }],
    [
      ".dev.vars of the environment alone",
      { ".dev.vars": "A=dev\nB=dev\n", ".dev.vars.staging": "A=staging\n" },
      { env: "staging" },
      { A: "secret_text staging" },
    ],
    [".dev.vars when the environment has none", { ".dev.vars": "A=dev\n" }, { env: "staging" }, { A: "secret_text dev" }],
    [
      ".env in layers",
      { ".env": "A=1\nB=1\nC=1\nD=1\n", ".env.local": "B=2\n", ".env.staging": "C=3\n", ".env.staging.local": "D=4\n" },
      { env: "staging" },
      { A: "secret_text 1", B: "secret_text 2", C: "secret_text 3", D: "secret_text 4" },
    ],
    [
      "references in .env to what no file has, and names that all objects have",
      { ".env": "constructor=c\nA=$constructor\nB=x$toString$C\nC=c\n" },
      {},
      { constructor: "secret_text c", A: "secret_text c", B: "secret_text x", C: "secret_text c", N: [1] },
    ],
    [
      "references in .env",
      { ".env": 'A=a\nB=${A}-$A\nC="${NO:-else} ${A:+instead} \\$A"\n' },
      {},
      { A: "secret_text a", B: "secret_text a-a", C: "secret_text else instead $A", N: [1] },
    ],
    [
      "the command line",
      { ".dev.vars": "A=dev\n" },
      { vars: { A: "given", N: "x" } },
      { A: "plain_text given", N: "plain_text x" },
    ],
  ])("%s", async (_, files, options, expected) => {
    for (const [path, text] of Object.entries(files)) await write(path, text);
    expect(texts(await project({ vars: { A: "top", N: [1] }, env: { staging: {} } }, options))).toEqual(expected);
  });

  test("of required ones nothing else is taken, and what is missing is named", async () => {
    await write(".dev.vars", "A=secret\nOTHER=no\nKEY=k\n");
    const read = await project({ vars: { A: "top" }, secrets: { required: ["KEY", "TOKEN"] } });
    expect(texts(read)).toEqual({ A: "secret_text secret", KEY: "secret_text k" });
    expect(read.warnings).toContainEqual(expect.stringContaining("Missing required secrets: TOKEN"));
    expect(read.secretsFrom).toEqual([".dev.vars"]);
  });

  test("the files that would count are inputs, there or not", async () => {
    const { inputs } = await project({ env: { staging: {} } }, { env: "staging" });
    for (const name of [".dev.vars", ".dev.vars.staging", ".env", ".env.local", ".env.staging", ".env.staging.local"])
      expect(inputs).toContain(join(folder, name));
  });
});

describe("workflows", () => {
  test("have the settings that the configuration gives them, in either place", async () => {
    const settings = {
      limits: { steps: 2000 },
      concurrency: { limit: 3 },
      schedules: "0 * * * *",
      default_retention: { success_retention: "2 seconds" },
    };
    const { workflows, bindings, warnings } = await project({
      workflows: [
        { binding: "ORDERS", name: "orders", class_name: "Order", ...settings },
        { binding: "MAIL", name: "mail", class_name: "Mail", script_name: "post" },
        { binding: "OWN", name: "own", class_name: "Own", script_name: "shop" },
      ],
      exports: { Report: { type: "workflow", name: "report", ...settings, schedules: ["5 * * * *"] } },
    });
    const read = { limits: { steps: 2000 }, concurrency: { limit: 3 }, defaultRetention: { successMs: 2000 } };
    expect(workflows).toEqual([
      { name: "orders", className: "Order", settings: { ...read, schedules: [{ cron: "0 * * * *" }] } },
      { name: "own", className: "Own", settings: {} },
      { name: "report", className: "Report", isExported: true, settings: { ...read, schedules: [{ cron: "5 * * * *" }] } },
    ]);
    expect(bindings).toEqual([
      { type: "workflow", name: "ORDERS", workflow: "orders", className: "Order" },
      { type: "workflow", name: "MAIL", workflow: "mail", className: "Mail", script: "post" },
      { type: "workflow", name: "OWN", workflow: "own", className: "Own" },
    ]);
    // The reader does not know all of these fields yet, and would warn of them.
    expect(warnings).toEqual([]);
  });
});

test("bindings stand for what they lead to, without ids", async () => {
  const { bindings, databaseNames, crons, queues, objects } = await project({
    kv_namespaces: [{ binding: "KV" }, { binding: "KV2", id: "k2" }],
    d1_databases: [{ binding: "DB", database_name: "db" }],
    r2_buckets: [{ binding: "R2", bucket_name: "bucket" }],
    queues: { producers: [{ binding: "Q", queue: "q" }], consumers: [{ queue: "q", max_batch_size: 7 }] },
    services: [{ binding: "API", service: "api", entrypoint: "Api" }],
    durable_objects: {
      bindings: [
        { name: "A", class_name: "A", script_name: "shop" },
        { name: "B", class_name: "B", script_name: "other" },
      ],
    },
    exports: { A: { type: "durable-object", storage: "sqlite" }, Old: { type: "durable-object", state: "deleted" } },
    assets: { directory: "public", binding: "ASSETS" },
    version_metadata: { binding: "VM" },
    ratelimits: [{ name: "RL", namespace_id: "1", simple: { limit: 1, period: 60 } }],
    secrets_store_secrets: [{ binding: "SS", store_id: "s", secret_name: "n" }],
    analytics_engine_datasets: [{ binding: "AE" }],
    triggers: { crons: ["0 * * * *"] },
  });
  expect(bindings).toEqual([
    { type: "kv_namespace", name: "KV", id: "KV" },
    { type: "kv_namespace", name: "KV2", id: "k2" },
    { type: "d1", name: "DB", id: "db" },
    { type: "r2_bucket", name: "R2", bucket: "bucket" },
    { type: "queue", name: "Q", queue: "q" },
    { type: "assets", name: "ASSETS" },
    { type: "service", name: "API", service: "api", entrypoint: "Api" },
    { type: "durable_object_namespace", name: "A", className: "A" },
    { type: "durable_object_namespace", name: "B", className: "B", script: "other" },
    { type: "version_metadata", name: "VM", metadata: { id: "", tag: "", timestamp: "" } },
    { type: "ratelimit", name: "RL", namespaceId: "1", simple: { limit: 1, period: 60 } },
    { type: "secrets_store_secret", name: "SS", storeId: "s", secret: "n" },
    { type: "analytics_engine", name: "AE", dataset: "AE" },
  ] satisfies Binding[]);
  expect(databaseNames).toEqual({ db: "db" });
  expect([crons, queues.consumers]).toEqual([["0 * * * *"], [{ queue: "q", max_batch_size: 7 }]]);
  expect(objects).toMatchObject({ exports: { A: { storage: "sqlite" }, Old: { state: "deleted" } } });
});

test("every kind of binding that there is not is named", async () => {
  const entry = { binding: "x" };
  const { bindings, warnings } = await project({
    ai: { binding: "AI" },
    analytics: { binding: "AN" },
    artifacts: [{ binding: "AR", namespace: "n" }],
    browser: { binding: "BROWSER" },
    dispatch_namespaces: [{ binding: "DN", namespace: "n" }],
    flagship: [{ binding: "FL", app_id: "a" }],
    k2: [{ ...entry, binding: "K2" }],
    logfwdr: { bindings: [{ name: "LOG", destination: "d" }] },
    media: { binding: "MED" },
    mtls_certificates: [{ binding: "MTLS", certificate_id: "c" }],
    pipelines: [{ binding: "PIPE", pipeline: "p" }],
    stream: { binding: "STREAM" },
    unsafe: { bindings: [{ name: "UN", type: "odd" }] },
    vectorize: [{ binding: "VEC", index_name: "i" }],
    vpc_services: [{ binding: "VPC", service_id: "s" }],
    tail_consumers: [{ service: "tail" }],
  });
  expect(bindings.every(({ type }) => type === "unsupported")).toBe(true);
  expect(bindings.map(({ name }) => name).toSorted()).toEqual([
    "AI",
    "AN",
    "AR",
    "BROWSER",
    "DN",
    "FL",
    "K2",
    "LOG",
    "MED",
    "MTLS",
    "PIPE",
    "STREAM",
    "UN",
    "VEC",
    "VPC",
  ]);
  expect(warnings.join("\n")).toContain("Not supported and ignored: tail_consumers");
});

describe("a mistake is said with its place", () => {
  test("no configuration at all", async () => {
    await expect(readProject(folder)).rejects.toThrow(
      `No wrangler.json, wrangler.jsonc or wrangler.toml in ${folder} or above it`,
    );
  });

  test.each([
    ["wrangler.json", '{\n  "name": "shop",\n  "main" "a.js"\n}', "wrangler.json:3:"],
    ["wrangler.jsonc", "", "wrangler.jsonc:1:1: ValueExpected"],
    ["wrangler.toml", 'name = "shop"\nmain = \n', "wrangler.toml:2:"],
    ["wrangler.json", "7", "wrangler.json: the configuration must be an object"],
    ["wrangler.json", "[]", "wrangler.json: the configuration must be an object"],
  ])("%s: %j", async (file, text, said) => {
    await write(file, text);
    const error: unknown = await readProject(folder).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ProjectError);
    expect((error as Error).message.replaceAll(`${folder}/`, "")).toMatch(
      new RegExp(`^${said.replaceAll(/[.[\]]/g, String.raw`\$&`)}`),
    );
  });

  const workflow = { binding: "A", name: "a", class_name: "A" };

  test.each<[object, string]>([
    [{ main: undefined }, 'wrangler.json: "main" (the Worker\'s entry point) or'],
    [{ main: 7 }, 'Expected "main" to be of type string'],
    [{ workflows: {} }, '"workflows" should be an array'],
    [{ workflows: [{ ...workflow, class_name: undefined }] }, 'should have a string "class_name"'],
    [{ workflows: [{ ...workflow, name: "-a" }] }, "is invalid. Workflow names must be"],
    [{ workflows: [{ ...workflow, limits: { steps: 25_001 } }] }, "workflows[0].limits.steps: "],
    [{ workflows: [{ ...workflow, concurrency: { limit: 0 } }] }, "workflows[0].concurrency.limit: "],
    [{ workflows: [{ ...workflow, default_retention: { success_retention: "soon" } }] }, "workflows[0].default_retention."],
    [
      { workflows: [{ ...workflow, schedules: ["0 * * * *", "hourly"] }] },
      "workflows[0].schedules[1].cron: A cron expression must have five",
    ],
    [{ workflows: [{ ...workflow, script_name: "post", schedules: "0 * * * *" }] }, 'the class is in "post"; configure it there'],
    [{ workflows: [workflow, { ...workflow, binding: "B", class_name: "B" }] }, 'unique "name" values; duplicate(s) found: "a"'],
    [{ workflows: [workflow], exports: { B: { type: "workflow", name: "a" } } }, '"a" cannot have two classes, A and B'],
    [{ exports: { A: { type: "workflow" } } }, "exports.A.name: "],
    [{ triggers: { crons: ["0 * * * *", "never"] } }, "triggers.crons[1]: A cron expression must have five fields"],
    [{ queues: { producers: [{ binding: "Q", queue: "a_b" }] } }, "queues.producers[0].queue: must be 1 to 63 letters"],
    [{ vars: { Q: "a" }, kv_namespaces: [{ binding: "Q", id: "a" }] }, "Q assigned to"],
  ])("%j", async (fields, said) => {
    expect(await mistake(fields)).toContain(said);
  });
});

describe("what cannot be read is said with its file", () => {
  test("a value of .env that names one which names one, and so on", async () => {
    const doubled = Array.from({ length: 60 }, (_, i) => `V${i}=${i === 0 ? "x" : `$V${i - 1}$V${i - 1}`}`);
    await write(".env", doubled.join("\n"));
    expect(await mistake({})).toMatch(/^V\d\d in \.env has more than 1048576 characters/);
  });

  test("a folder where variables are looked for", async () => {
    await mkdir(join(folder, ".dev.vars"));
    expect(await mistake({})).toBe(".dev.vars cannot be read: EISDIR");
  });

  test("a form that stops the reader", async () => {
    const buckets = [{ binding: "constructor", bucket_name: "b" }];
    expect(await mistake({ r2_buckets: buckets })).toMatch(
      /^wrangler\.json: a part of the configuration has a form that cannot be read/,
    );
  });
});
