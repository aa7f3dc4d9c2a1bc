/** Building: what comes out, by wrangler's rules, and where a mistake is said to be. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ProjectError } from "../config/project-error.ts";
import { bundle, Bundler, type Bundle } from "./bundle.ts";
import { plainBuild, type BuildOptions } from "./options.ts";

/** Not to be taken for a call in this file. */
const REQUIRE = "require";

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "stepwell-bundle-")));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

async function built(
  files: Readonly<Record<string, string>>,
  more: Partial<BuildOptions> = {},
  main = "index.js",
): Promise<Bundle> {
  await write(files);
  return bundle({ ...plainBuild(folder, main), ...more });
}

/** What a bundle without imports exports as its default. */
async function value({ code }: Bundle): Promise<unknown> {
  return ((await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { default: unknown }).default;
}

const WORKER = [
  'import { WorkflowEntrypoint } from "cloudflare:workers";',
  'import { createHash } from "crypto";',
  'import { greeting } from "./lib/greeting";',
  'import { shout } from "shouting";',
  'import page from "./page.html";',
  "export class Hello extends WorkflowEntrypoint {",
  '  async run(): Promise<string> { return shout(greeting(page)) + createHash("sha1").update("a").digest("hex"); }',
  "}",
  "export const other: number = 1;",
  'export default { fetch: () => new Response("ok") };',
].join("\n");

test("a bundler that is closed while it builds for the first time keeps no process alive", async () => {
  await write({ "index.js": "export default {};" });
  const bundler = new Bundler();
  const building = bundler.build(plainBuild(folder, "index.js"));
  await bundler.close();
  await Promise.allSettled([building]);
  // The service of esbuild is one, as long as a build is open.
  await vi.waitUntil(() => !process.getActiveResourcesInfo().includes("ProcessWrap"));
});

describe("a bundle", () => {
  test("is one module of TypeScript and packages, with texts beside it, and what the runtime has left out", async () => {
    const { code, sourceMap, exports, inputs, modules } = await built(
      {
        "src/index.ts": WORKER,
        "src/lib/greeting.ts": "export const greeting = (name: string): string => `Hello, ${name}`;",
        "src/page.html": "<p>page</p>",
        "node_modules/shouting/package.json": '{ "name": "shouting", "exports": { "workerd": "./w.js", "default": "./d.js" } }',
        "node_modules/shouting/w.js": 'export const shout = (text) => text + "!";',
        "node_modules/shouting/d.js": 'export const shout = (text) => text + "?";',
      },
      {},
      "src/index.ts",
    );
    expect(exports?.toSorted()).toEqual(["Hello", "default", "other"]);
    expect(inputs.toSorted()).toEqual(
      ["node_modules/shouting/w.js", "src/index.ts", "src/lib/greeting.ts", "src/page.html"].map((path) => join(folder, path)),
    );
    const name = "./fc46ac3559361cc1f7c3a27bb53bc0e6c34a9f1b-page.html";
    expect(modules).toEqual([
      { name: expect.stringMatching(/^\.\/[0-9a-f]{40}-page\.html$/) as string, type: "text", content: "<p>page</p>" },
    ]);
    expect(
      code
        .match(/^import .*$/gm)
        ?.map((line) => line.replace(/[0-9a-f]{40}/, name.slice(2, 42)))
        .toSorted(),
    ).toEqual([
      `import page from "${name}";`,
      'import { WorkflowEntrypoint } from "cloudflare:workers";',
      'import { createHash } from "crypto";',
    ]);
    expect(code).not.toContain("sourceMappingURL");
    expect(JSON.parse(sourceMap ?? "")).toMatchObject({
      version: 3,
      sources: expect.arrayContaining(["src/index.ts"]) as string[],
      sourcesContent: expect.arrayContaining([WORKER]) as string[],
    });
  });

  test("of the same sources is the same, wherever they are", async () => {
    const files = { "index.js": 'import { b } from "./b.js"; import "path"; export const a = b;', "b.js": "export const b = 1;" };
    const first = await built(files);
    await rm(folder, { recursive: true });
    folder = await realpath(await mkdtemp(join(tmpdir(), "stepwell-elsewhere-")));
    const second = await built(files, {}, "./index.js");
    expect([second.code, second.sourceMap]).toEqual([first.code, first.sourceMap]);
  });

  test("has the variants of packages that imports and calls of require ask for", async () => {
    const made = await built({
      "index.js": `import imported from "dual"; const required = ${REQUIRE}("dual"); export default [imported, required];`,
      "node_modules/dual/package.json": '{ "name": "dual", "exports": { "require": "./r.cjs", "import": "./i.mjs" } }',
      "node_modules/dual/r.cjs": 'module.exports = "required";',
      "node_modules/dual/i.mjs": 'export default "imported";',
    });
    expect(await value(made)).toEqual(["imported", "required"]);
  });

  test("knows NODE_ENV and what is defined, and follows aliases", async () => {
    const made = await built(
      {
        "index.js": 'import a from "left"; export default [process.env.NODE_ENV, __A__, a];',
        "right.ts": 'export default "right" as string;',
      },
      { define: { __A__: "7" }, alias: { left: "./right.ts" } },
    );
    expect(await value(made)).toEqual([process.env["NODE_ENV"] ?? "development", 7, "right"]);
  });

  test("is built again from what has changed", async () => {
    await write({ "index.js": 'import { a } from "./a.js"; export default a;', "a.js": "export const a = 1;" });
    const bundler = new Bundler();
    const first = await bundler.build(plainBuild(folder, "index.js"));
    await write({ "a.js": "export const a = ;" });
    await expect(bundler.build(plainBuild(folder, "index.js"))).rejects.toThrow("a.js:1:17:");
    await write({ "a.js": "export const a = 2;" });
    const second = await bundler.build(plainBuild(folder, "index.js"));
    await bundler.close();
    expect([await value(first), await value(second)]).toEqual([1, 2]);
  });
});

describe("modules beside the bundle", () => {
  const names = ({ modules }: Bundle): string[] =>
    modules.map(({ name, type }) => `${type} ${name.replace(/[0-9a-f]{40}/, "HASH")}`);

  test("are of the types that rules give them, each once", async () => {
    const made = await built(
      {
        "index.js": [
          'import a from "./a.txt"; import b from "./lib/b.js"; import c from "./c.bin"; import d from "./d.wasm?module";',
          'import e from "./e.md"; export default [a, b, c, d, e];',
        ].join("\n"),
        "lib/b.js": 'export { default } from "../a.txt";',
        "a.txt": "a",
        "c.bin": "c",
        "d.wasm": "d",
        "e.md": "e",
      },
      { rules: [{ type: "Text", globs: ["**/*.md"], fallthrough: true }] },
    );
    expect(made.code).not.toContain('"../a.txt"');
    expect(names(made)).toEqual(["text ./HASH-a.txt", "data ./HASH-c.bin", "wasm ./HASH-d.wasm", "text ./HASH-e.md"]);
    expect(made.modules.find(({ type }) => type === "data")?.content).toBe("Yw==");
    expect(made.warnings).toEqual([]);
  });

  test("a rule without fallthrough ends those of its type, and says so", async () => {
    const rules = [{ type: "Text", globs: ["**/*.md"] }] as const;
    const files = { "index.js": 'import a from "./a.md"; export default a;', "a.md": "a", "b.txt": "b" };
    const made = await built(files, { rules });
    expect(made.warnings).toEqual([expect.stringMatching(/does not have a fallback[\s\S]*\*\*\/\*\.txt[\s\S]*\(DEFAULT\)/)]);
    await write({ "index.js": 'import b from "./b.txt"; export default b;' });
    await expect(bundle({ ...plainBuild(folder, "index.js"), rules })).rejects.toThrow("The file ./b.txt matched a module rule");
  });

  test("are found by name below the root, and imported from the bundle", async () => {
    const made = await built(
      {
        "index.js": 'import { a } from "./parts/a.mjs"; export default a;',
        "parts/a.mjs": "export const a = 1;",
        "parts/b.mjs": "",
        "c.js": "",
      },
      { findsModules: true, rules: [{ type: "ESModule", globs: ["**/*.mjs"] }] },
    );
    expect(names(made).toSorted()).toEqual(["esm parts/a.mjs", "esm parts/b.mjs"]);
    expect(made.code).toContain('from "./parts/a.mjs"');
  });

  test("files are taken as they are when nothing is bundled", async () => {
    const files = {
      "dist/w.js": 'import "./a.js"; export class A {}; export default 1;',
      "dist/a.js": "let a;",
      "dist/w.js.map": "{}",
    };
    const made = await built(
      files,
      { bundles: false, findsModules: true, rules: [{ type: "ESModule", globs: ["**/*.js"] }] },
      "dist/w.js",
    );
    expect(made).toMatchObject({ code: files["dist/w.js"], mainModule: "w.js", exports: ["A", "default"], sourceMap: "{}" });
    expect(names(made)).toEqual(["esm a.js"]);
  });
});

describe("a mistake", () => {
  test.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    [
      "in the syntax",
      { "index.js": "const a = 1;\nconst b = ;\nexport { b };" },
      ['Unexpected ";"', "index.js:2:10:", "2 │ const b = ;"],
    ],
    [
      "in another file",
      { "index.js": 'export * from "./lib/b.ts";', "lib/b.ts": "\n\n  let x = 1; let x = 2;" },
      ["lib/b.ts:3:17:"],
    ],
    [
      "an import that cannot be resolved",
      { "index.js": 'export {};\nexport * from "./missing";' },
      ['Could not resolve "./missing"', "index.js:2:14:"],
    ],
    [
      "a package that is not installed",
      { "index.js": 'export * from "left-pad";' },
      ['Could not resolve "left-pad"', '"alias" in the configuration'],
    ],
    [
      "a file that it cannot read",
      { "index.js": 'export * from "./a.xyz";', "a.xyz": "" },
      ['No loader is configured for ".xyz" files'],
    ],
    ["a text that is not there", { "index.js": 'export * from "./a.txt";' }, ['Could not resolve "./a.txt"']],
    ["no entry", {}, ['The entry-point file at "index.js" was not found']],
    [
      "more than one",
      { "index.js": 'import "x";\nimport "y";\nexport default 1;' },
      ["Build failed with 2 errors", '"x"', '"y"'],
    ],
    [
      "a service worker",
      { "index.js": 'addEventListener("fetch", () => {});' },
      ["service-worker format, which is not supported", "export default"],
    ],
  ])("%s is reported with its place and the code around it", async (_, files, said) => {
    const error: unknown = await built(files).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ProjectError);
    for (const part of said) expect((error as ProjectError).message).toContain(part);
  });

  test("Python is refused", async () => {
    await expect(built({ "index.py": "" }, {}, "index.py")).rejects.toThrow("Python Workers are not supported");
  });
});

describe("Node's modules", () => {
  const imports = ({ code }: Bundle): readonly string[] => (code.match(/from "[^"]+"/g) ?? []).map((text) => text.slice(6, -1));
  const FILES = { "index.js": 'import { join } from "path"; import { on } from "node:events"; export default [join, on];' };

  test("are the runtime's own today, with and without `node:`, also when they are required", async () => {
    expect(imports(await built(FILES)).toSorted()).toEqual(["node:events", "path"]);
    const required = await built({ "index.js": 'const { join } = require("path"); export default join;' });
    expect(imports(required)).toEqual(["path"]);
  });

  test("are polyfilled at a date when the runtime has not all of them", async () => {
    const files = {
      "index.js": 'import os from "os"; import { EventEmitter } from "events"; export default [os, EventEmitter, process];',
    };
    const made = await built(files, { compatibilityDate: "2024-11-01", compatibilityFlags: ["nodejs_compat"] });
    expect(imports(made)).toContain("node:events");
    expect(imports(made)).not.toContain("node:os");
    expect(made.code).toContain("globalThis.process =");
  });

  test.each([
    ["2025-04-01", [], "node:path", 'unless you enable the "nodejs_compat" compatibility flag'],
    ["2025-04-01", ["nodejs_als"], "node:path", 'unless you enable the "nodejs_compat" compatibility flag'],
    ["2025-04-01", ["nodejs_als"], "node:async_hooks", undefined],
    ["2023-10-30", ["nodejs_compat"], "node:path", undefined],
  ])("are left in at %s with %j: %s", async (compatibilityDate, compatibilityFlags, name, warning) => {
    const made = await built(
      { "index.js": `import * as all from "${name}"; export default all;` },
      { compatibilityDate, compatibilityFlags },
    );
    expect(imports(made)).toEqual([name]);
    expect(made.warnings).toEqual(warning === undefined ? [] : [expect.stringContaining(warning) as string]);
  });

  test("without `node:` and without the flag they are refused with what helps", async () => {
    await expect(built(FILES, { compatibilityDate: "2025-04-01" })).rejects.toThrow('Add the "nodejs_compat" compatibility flag');
    const old = { compatibilityDate: "2023-10-30", compatibilityFlags: ["nodejs_compat"] };
    await expect(built(FILES, old)).rejects.toThrow('prefix the module name with "node:"');
  });
});
