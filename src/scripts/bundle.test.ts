/** Bundling: what comes out, and where a mistake is said to be. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bundle } from "./bundle.ts";
import { ProjectError } from "./config.ts";

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

const WORKER = [
  'import { WorkflowEntrypoint } from "cloudflare:workers";',
  'import { createHash } from "node:crypto";',
  'import { greeting } from "./lib/greeting";',
  'import { shout } from "shouting";',
  'import page from "./page.html";',
  "export class Hello extends WorkflowEntrypoint {",
  '  async run(): Promise<string> { return shout(greeting(page)) + createHash("sha1").update("a").digest("hex"); }',
  "}",
  "export const other: number = 1;",
  'export default { fetch: () => new Response("ok") };',
].join("\n");

describe("a bundle", () => {
  test("is one module of TypeScript, packages and texts, with what the runtime has left out", async () => {
    await write({
      "src/index.ts": WORKER,
      "src/lib/greeting.ts": "export const greeting = (name: string): string => `Hello, ${name}`;",
      "src/page.html": "<p>page</p>",
      "node_modules/shouting/package.json": '{ "name": "shouting", "exports": { "workerd": "./w.js", "default": "./d.js" } }',
      "node_modules/shouting/w.js": 'export const shout = (text) => text + "!";',
      "node_modules/shouting/d.js": 'export const shout = (text) => text + "?";',
    });
    const { code, sourceMap, exports, inputs } = await bundle(folder, "src/index.ts");
    expect(exports.toSorted()).toEqual(["Hello", "default", "other"]);
    expect(inputs.toSorted()).toEqual(
      ["node_modules/shouting/w.js", "src/index.ts", "src/lib/greeting.ts", "src/page.html"].map((path) => join(folder, path)),
    );
    expect(code.match(/^import .*$/gm)?.toSorted()).toEqual([
      'import { WorkflowEntrypoint } from "cloudflare:workers";',
      'import { createHash } from "node:crypto";',
    ]);
    expect(code).toContain("<p>page</p>");
    expect(code).not.toContain("sourceMappingURL");
    expect(JSON.parse(sourceMap)).toMatchObject({
      version: 3,
      sources: expect.arrayContaining(["src/index.ts"]) as string[],
      sourcesContent: expect.arrayContaining([WORKER]) as string[],
    });
  });

  test("of the same sources is the same, wherever they are", async () => {
    const files = { "a.js": 'import { b } from "./b.js"; export const a = b;', "b.js": "export const b = 1;" };
    await write(files);
    const first = await bundle(folder, "a.js");
    await rm(folder, { recursive: true });
    folder = await realpath(await mkdtemp(join(tmpdir(), "stepwell-elsewhere-")));
    await write(files);
    const second = await bundle(folder, "./a.js");
    expect([second.code, second.sourceMap]).toEqual([first.code, first.sourceMap]);
  });

  test("keeps the names of classes, which workflows are found by", async () => {
    await write({
      "a.js": "const make = () => class {};\nexport const Named = make();\nexport class Plain {}\nexport { Plain as Again };",
    });
    expect((await bundle(folder, "a.js")).exports.toSorted()).toEqual(["Again", "Named", "Plain"]);
  });
});

describe("a mistake", () => {
  test.each([
    ["in the syntax", { "a.ts": "const a = 1;\nconst b = ;\n" }, 'a.ts:2:11: Unexpected ";"'],
    ["in another file", { "a.ts": 'import "./lib/b.ts";', "lib/b.ts": "\n\n  let x = 1; let x = 2;" }, "lib/b.ts:3:18: "],
    ["an import that leads nowhere", { "a.ts": 'export {};\nimport "./nobody";' }, 'a.ts:2:8: Could not resolve "./nobody"'],
    ["a package that is not installed", { "a.ts": 'import "left-pad";' }, 'a.ts:1:8: Could not resolve "left-pad"'],
    ["an export that is not there", { "a.ts": 'import { c } from "./b.ts"; c();', "b.ts": "export const b = 1;" }, "a.ts:1:10: "],
    ["a file that it cannot read", { "a.ts": 'import "./a.bin";', "a.bin": "" }, "a.ts:1:8: No loader"],
    ["no entry", {}, 'Could not resolve "a.ts"'],
    ["more than one", { "a.ts": 'import "x";\nimport "y";\nimport "z";' }, 'a.ts:1:8: Could not resolve "x" (and 2 more)'],
  ])("%s is told with its place, in one line", async (_, files, said) => {
    await write(files);
    const error: unknown = await bundle(folder, "a.ts").catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ProjectError);
    const { message } = error as ProjectError;
    expect(message.slice(0, said.length)).toBe(said);
    expect(message).not.toContain("\n");
  });
});
