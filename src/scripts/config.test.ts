/** A project's configuration: what is taken from each of the three formats, and what is said of each mistake. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ProjectError, readConfig } from "./config.ts";
import { readDevVars } from "./dev-vars.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stepwell-config-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);

/** What is said of a configuration, without the folder's name in it. */
async function mistake(name: string, text: string): Promise<string> {
  await write(name, text);
  const error: unknown = await readConfig(folder).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(ProjectError);
  return (error as Error).message.replaceAll(`${folder}/`, "");
}

const JSON_TEXT = `{
  "name": "shop",
  "main": "src/index.ts",
  "compatibility_date": "2026-11-01",
  "compatibility_flags": ["nodejs_compat"],
  "vars": { "MODE": "test", "LIMITS": { "max": 3 } },
  "workflows": [
    { "binding": "ORDERS", "name": "orders", "class_name": "Order", "limits": { "steps": 2000 }, "concurrency": { "limit": 3 } },
    { "binding": "MAIL", "name": "mail", "class_name": "Mail", "script_name": "post" }
  ]
}`;

const JSONC_TEXT = JSON_TEXT.replace("{", "{\n  // a comment")
  .replace('"MODE": "test",', '"MODE": "test", /* another */')
  .replace(/\}\n\s+\]/, "},\n  ],");

const TOML_TEXT = `name = "shop"
main = "src/index.ts"
compatibility_date = "2026-11-01"
compatibility_flags = ["nodejs_compat"]

[vars]
MODE = "test"
LIMITS = { max = 3 }

[[workflows]]
binding = "ORDERS"
name = "orders"
class_name = "Order"
limits = { steps = 2000 }
concurrency = { limit = 3 }

[[workflows]]
binding = "MAIL"
name = "mail"
class_name = "Mail"
script_name = "post"
`;

const READ = {
  name: "shop",
  main: "src/index.ts",
  compatibility_date: "2026-11-01",
  compatibility_flags: ["nodejs_compat"],
  vars: { MODE: "test", LIMITS: { max: 3 } },
  workflows: [
    { binding: "ORDERS", name: "orders", class_name: "Order", limits: { steps: 2000 }, concurrency: { limit: 3 } },
    { binding: "MAIL", name: "mail", class_name: "Mail", script_name: "post" },
  ],
  kv_namespaces: [],
  services: [],
  durable_objects: { bindings: [] },
  migrations: [],
  assets: {},
  d1_databases: [],
  r2_buckets: [],
  ignored: [],
};

describe("a configuration", () => {
  test.each([
    ["wrangler.json", JSON_TEXT],
    ["wrangler.json", JSONC_TEXT],
    ["wrangler.jsonc", JSONC_TEXT],
    ["wrangler.toml", TOML_TEXT],
    ["wrangler.jsonc", `\uFEFF${JSONC_TEXT.replaceAll("\n", "\r\n")}`],
    ["wrangler.toml", `\uFEFF${TOML_TEXT.replaceAll("\n", "\r\n")}`],
  ])("is read from %s", async (name, text) => {
    await write(name, text);
    expect(await readConfig(folder)).toEqual({ ...READ, file: join(folder, name) });
  });

  test("needs a name and an entry, and no more", async () => {
    await write("wrangler.toml", 'name = "shop"\nmain = "index.js"\n');
    expect(await readConfig(folder)).toMatchObject({ compatibility_flags: [], workflows: [], vars: {}, ignored: [] });
  });

  test("is the first that wrangler would find", async () => {
    for (const name of ["wrangler.toml", "wrangler.jsonc", "wrangler.json"]) {
      await write(name, name.endsWith("toml") ? TOML_TEXT : JSON_TEXT);
      expect((await readConfig(folder)).file).toBe(join(folder, name));
    }
  });

  test("names what would do nothing here, and only that", async () => {
    const more = {
      hyperdrive: [{ binding: "DRIVE" }],
      queues: {},
      services: [],
      triggers: { crons: ["* * * * *"] },
      observability: { enabled: true },
    };
    await write("wrangler.json", JSON.stringify({ name: "shop", main: "a.js", ...more }));
    const { ignored, triggers } = await readConfig(folder);
    expect(ignored).toEqual(["hyperdrive"]);
    expect(triggers).toEqual({ crons: ["* * * * *"] });
  });

  test.each([
    ["0 * * * *", ["0 * * * *"]],
    [
      ["0 * * * *", "0 9 * * MON-FRI"],
      ["0 * * * *", "0 9 * * MON-FRI"],
    ],
    [undefined, undefined],
  ])("may have schedules: %j", async (schedules, read) => {
    const workflows = [{ binding: "A", name: "a", class_name: "A", schedules }];
    await write("wrangler.json", JSON.stringify({ name: "shop", main: "a.js", workflows }));
    expect((await readConfig(folder)).workflows[0]?.schedules).toEqual(read);
  });
});

describe("a mistake in a configuration is said with its place", () => {
  test("none at all", async () => {
    const error: unknown = await readConfig(folder).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ProjectError);
    expect(error).toHaveProperty(
      "message",
      `No wrangler.json, wrangler.jsonc, wrangler.toml in ${folder}: go to the folder of a Worker project, or name it: stepwell dev <folder>`,
    );
  });

  test.each([
    ["wrangler.json", '{\n  "name": "shop",\n  "main" "a.js"\n}', "wrangler.json:3: not valid JSON (ColonExpected)"],
    ["wrangler.jsonc", '{\n  "name": "shop"', "wrangler.jsonc:2: not valid JSON (CloseBraceExpected)"],
    ["wrangler.jsonc", "", "wrangler.jsonc:1: not valid JSON (ValueExpected)"],
    ["wrangler.jsonc", "\uFEFF{ nonsense", "wrangler.jsonc:1: not valid JSON"],
    ["wrangler.toml", 'name = "shop"\nmain = \n', "wrangler.toml:2: not valid TOML"],
    ["wrangler.toml", 'name = "shop"\nname = "again"\n', "wrangler.toml:2: not valid TOML"],
  ])("%s: %j", async (name, text, said) => {
    const message = await mistake(name, text);
    expect(message.slice(0, said.length)).toBe(said);
    expect(message).not.toContain("\n");
  });

  const workflow = { binding: "A", name: "a", class_name: "A" };

  test.each([
    [{ name: undefined }, "name: "],
    [{ name: "Shop" }, "name: must be lower-case letters, digits, - and _"],
    [{ name: 7 }, "name: "],
    [{ main: undefined }, "main: "],
    [{ main: "" }, "main: "],
    [{ compatibility_flags: "nodejs_compat" }, "compatibility_flags: "],
    [{ vars: [] }, "vars: "],
    [{ workflows: {} }, "workflows: "],
    [{ triggers: { crons: ["0 * * * *", "never"] } }, "triggers.crons[1]: A cron expression has five fields"],
    [{ queues: { producers: [{ binding: "Q", queue: "a_b" }] } }, "queues.producers[0].queue: must be 1 to 63 letters"],
    [{ queues: { consumers: [{ queue: "a", max_batch_size: 101 }] } }, "queues.consumers[0].max_batch_size: "],
    [
      { vars: { Q: 1 }, queues: { producers: [{ binding: "Q", queue: "a" }] } },
      'queues.producers[0].binding: "Q" is used twice; each name in env stands for one thing',
    ],
    [
      { workflows: [{ ...workflow, name: "-a" }] },
      "workflows[0].name: must be 1 to 64 letters, digits, _ and -, not starting with -",
    ],
    [{ workflows: [workflow, { ...workflow, name: "a".repeat(65) }] }, "workflows[1].name: must be 1 to 64"],
    [{ workflows: [{ ...workflow, class_name: undefined }] }, "workflows[0].class_name: "],
    [{ workflows: [{ ...workflow, binding: "" }] }, "workflows[0].binding: "],
    [{ workflows: [{ ...workflow, limits: { steps: 0 } }] }, "workflows[0].limits.steps: "],
    [{ workflows: [{ ...workflow, limits: { steps: 25_001 } }] }, "workflows[0].limits.steps: "],
    [{ workflows: [{ ...workflow, schedules: [] }] }, "workflows[0].schedules: must not be empty"],
    [{ workflows: [{ ...workflow, schedules: {} }] }, "workflows[0].schedules: "],
    [{ workflows: [{ ...workflow, schedules: ["0 * * * *", 7] }] }, "workflows[0].schedules[1]: "],
    [
      { workflows: [workflow, { ...workflow, binding: "B", name: "b", schedules: ["0 * * * *", "0 22 * * 0"] }] },
      'workflows[1].schedules[1]: The day of the week "0" is not valid: it takes *, 1 (Sunday) to 7 (Saturday)',
    ],
    [{ workflows: [{ ...workflow, schedules: "hourly" }] }, "workflows[0].schedules[0]: A cron expression has five fields"],
    [
      { workflows: [{ ...workflow, script_name: "post", schedules: "0 * * * *" }] },
      'workflows[0].schedules: the class is in "post"; configure it there',
    ],
    [{ workflows: [{ ...workflow, script_name: "post", limits: { steps: 5 } }] }, "workflows[0].limits: the class is in"],
    [{ workflows: [{ ...workflow, concurrency: { limit: 0 } }] }, "workflows[0].concurrency.limit: "],
    [{ workflows: [{ ...workflow, concurrency: { limit: 1.5 } }] }, "workflows[0].concurrency.limit: "],
    [
      { workflows: [workflow, { ...workflow, binding: "B" }] },
      'workflows[1].name: "a" is used twice; every workflow needs a name of its own',
    ],
    [{ workflows: [workflow, { ...workflow, binding: "B", script_name: "shop" }] }, 'workflows[1].name: "a" is used twice'],
    [{ workflows: [workflow, { ...workflow, name: "b" }] }, 'workflows[1].binding: "A" is used twice'],
    [{ vars: { A: "text" }, workflows: [workflow] }, 'workflows[0].binding: "A" is used twice'],
  ])("%j", async (part, said) => {
    const message = await mistake("wrangler.json", JSON.stringify({ name: "shop", main: "a.js", ...part }));
    expect(message.slice(0, `wrangler.json: ${said}`.length)).toBe(`wrangler.json: ${said}`);
  });

  test.each(["null", "[]", '"text"', "7"])("%s is not a configuration", async (text) => {
    expect(await mistake("wrangler.json", text)).toMatch(/^wrangler\.json: the configuration: /);
  });
});

describe(".dev.vars", () => {
  test("are read as an .env file", async () => {
    await write(".dev.vars", '# a comment\nKEY=value\nQUOTED="two words"\nEMPTY=\nexport OTHER=1\nLINES="a\nb"\n');
    expect(await readDevVars(folder)).toEqual({ KEY: "value", QUOTED: "two words", EMPTY: "", OTHER: "1", LINES: "a\nb" });
  });

  test("need not be there", async () => {
    expect(await readDevVars(folder)).toEqual({});
  });
});
