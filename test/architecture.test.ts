/**
 * The table below is the architecture: who may import whom. The rest of this page reads the imports out of `src/`, holds them
 * against the table, and then proves that the guard can bark, by showing it sources that break each rule.
 */
import { globSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

interface Layer {
  /** Folders of `src/` whose files may be imported, with those in them; `*` is any of them. A folder's own files always may. */
  readonly folders: readonly string[];
  /** npm packages; `*` is any of them. */
  readonly packages?: readonly string[];
  /** Node's own modules: free unless this says "none". */
  readonly node?: "none";
}

const PURE = { packages: [], node: "none" } as const;

const STORE: Layer = { folders: ["model", "ports"] };
const EXECUTOR: Layer = { folders: ["model", "protocol", "runtime", "ports", "executors/output", "bindings"] };

/** The rooms of the engine from the bottom up: each imports those before it, and the files beside the rooms all of them. */
const ROOMS = ["contract.ts", "state", "journal", "memory", "runs", "schedule", "reading", "verbs", "upkeep"].map(
  (room) => `engine/${room}`,
);
const engineLayer = (rooms: readonly string[]): Layer => ({
  folders: ["model", "protocol", "ports", "absent", "upkeep", "workers/hosts", ...rooms],
  ...PURE,
});

const LAYERS: Readonly<Record<string, Layer>> = {
  model: { folders: [], ...PURE, packages: ["devalue"] },
  protocol: { folders: ["model"], ...PURE },
  runtime: { folders: ["model", "protocol"], ...PURE },
  ports: { folders: ["model", "protocol"], ...PURE },
  absent: { folders: ["model", "ports"], ...PURE },
  system: { folders: ["ports"], ...PURE },
  bindings: {
    folders: ["model", "protocol", "runtime", "ports"],
    packages: ["zod", "@noble/hashes", "@cloudflare/workers-utils"],
    node: "none",
  },
  upkeep: { folders: ["model", "ports"], ...PURE },
  "workers/hosts": { folders: ["model", "protocol", "ports", "absent", "bindings"], ...PURE },
  ...Object.fromEntries(ROOMS.map((room, i) => [room, engineLayer(ROOMS.slice(0, i))])),
  engine: engineLayer(ROOMS),
  workers: {
    folders: ["model", "protocol", "ports", "system", "upkeep", "bindings"],
    packages: ["acorn", "esbuild", "zod", "@noble/hashes", "unenv", "@cloudflare/unenv-preset", "@cloudflare/workers-utils"],
  },
  queues: { folders: ["model", "protocol", "ports", "upkeep"] },
  access: { folders: ["model", "ports", "upkeep"] },
  vault: { folders: ["model", "ports"] },
  "stores/*": STORE,
  "stores/memory": { folders: ["model", "ports", "stores/sqlite"] },
  "stores/postgres": { ...STORE, packages: ["postgres"] },
  "executors/*": EXECUTOR,
  "executors/output": { folders: ["model", "protocol", "ports"] },
  "executors/workerd": { ...EXECUTOR, packages: ["workerd", "ws", "esbuild", "cloudflare:*", "miniflare:*", "@noble/hashes"] },
  api: {
    folders: ["model", "ports", "system", "access", "engine", "workers", "queues", "bindings"],
    packages: ["hono", "zod", "@hono/zod-openapi"],
  },
  server: {
    folders: ["model", "protocol", "ports", "system", "access", "engine", "workers", "api"],
    packages: ["hono", "@hono/node-server", "pino", "ws"],
  },
  assembly: {
    folders: [
      "model",
      "ports",
      "absent",
      "system",
      "bindings",
      "access",
      "engine",
      "workers",
      "queues",
      "vault",
      "api",
      "server",
      "stores/sqlite",
      "executors/node",
      "executors/workerd",
    ],
    packages: ["hono", "nodemailer"],
  },
  testing: {
    folders: [
      "model",
      "protocol",
      "runtime",
      "ports",
      "system",
      "absent",
      "bindings",
      "engine",
      "workers",
      "api",
      "server",
      "assembly",
      "stores/memory",
      "executors/in-process",
      "executors/workerd",
    ],
    packages: ["vitest", "fast-check", "cloudflare:*"],
  },
  vitest: {
    folders: ["model", "runtime", "ports", "bindings", "testing", "workers", "executors/workerd"],
    packages: ["vitest", "virtual:*"],
  },
  "index.ts": {
    folders: [
      "model",
      "ports",
      "absent",
      "system",
      "bindings",
      "engine",
      "workers",
      "api",
      "runtime",
      "vault",
      "stores/sqlite",
      "executors/node",
      "executors/in-process",
    ],
  },
  cli: { folders: ["*"], packages: ["*"] },
};

/** What a `*.test.ts` may import on top of what its folder may: test equipment, and the runtime to write workflows with. */
const IN_TESTS: Layer = {
  folders: ["testing", "runtime", "absent", "system", "stores/memory", "executors/in-process"],
  // croner is the second opinion on what a cron expression means.
  packages: ["vitest", "fast-check", "croner"],
};

/** Outside of `src/`: contract suites, parts that fail, and what else tests are made with. */
const EQUIPMENT = /^test\/(contracts|faults|support)\//;

/** Names that hold anything, and so say nothing. */
const EMPTY_NAMES = /(^|[/.-])(utils?|helpers?|common|misc|managers?|lib)(?=[/.-])/;

const MAX_LINES = 300;

/** Code that runs beside user code. */
const IN_ISOLATES = /^src\/(runtime|bindings|executors\/workerd\/isolate)\//;

/** Where the code of isolates and threads begins, and the packages that may come along: what is loaded there is loaded often. */
const ISOLATE_ENTRIES = ["script/main", "loader/loader"].map((name) => `src/executors/workerd/isolate/${name}.ts`);
const ISOLATE_PACKAGES = [
  "@noble/hashes",
  "cloudflare:sockets",
  "cloudflare:workers",
  "cloudflare:workflows",
  "devalue",
  "node:async_hooks",
];

const PROMISE_CONSTRUCTOR = /\b(new|extends)\s+Promise\b/;

interface Source {
  /** Path from the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const sources: readonly Source[] = globSync("src/**/*.{ts,tsx,mts,cts,js,mjs}", { cwd: root })
  .map((path) => path.replaceAll("\\", "/"))
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));

const isTest = (path: string): boolean => path.endsWith(".test.ts");

/** `src/stores/sqlite/journal/rows.ts` is of the layer `stores/sqlite`, `src/api/routes/a.ts` of `api`, `src/index.ts` of itself. */
function layerOf(path: string): string {
  const [, first = "", second = ""] = path.split("/");
  const room = `${first}/${second}`;
  return room in LAYERS || `${first}/*` in LAYERS ? room : first;
}

const STATIC_IMPORT = /^(?:import|export)\b[^"'`;=]*?\bfrom\s*["']([^"']+)["']/gm;
const BARE_IMPORT = /^import\s*["']([^"']+)["']/gm;
/** Covers `await import("x")` and the type `import("x").Y`; a specifier that is no literal is captured as it stands. */
const CALLED_IMPORT = /\b(?:import|require|getBuiltinModule)\(\s*(?:["']([^"']+)["']|([^"'\s)][^)]*))/g;

function importsOf(text: string): string[] {
  return [STATIC_IMPORT, BARE_IMPORT, CALLED_IMPORT].flatMap((pattern) =>
    Array.from(text.matchAll(pattern), (match) => match[1] ?? `(computed) ${match[2]}`),
  );
}

const rowOf = (layer: string): Layer | undefined => LAYERS[layer] ?? LAYERS[layer.replace(/\/.+/, "/*")];

const packageOf = (specifier: string): string => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

const isListed = (name: string, list: readonly string[] = []): boolean =>
  list.some((entry) => entry === "*" || entry === name || (entry.endsWith(":*") && name.startsWith(entry.slice(0, -1))));

const isIn = (layer: string, folders: readonly string[]): boolean =>
  isListed(layer, folders) || folders.some((folder) => layer.startsWith(`${folder}/`));

/** The tests of a room may use the whole house. */
const houseOf = (layer: string): string[] => [layer.replace(/\/.+/, "")].filter((folder) => folder in LAYERS);

function mayImport({ path }: Source, specifier: string): boolean {
  const own = layerOf(path);
  const { folders, packages, node }: Layer = rowOf(own) ?? { folders: [], ...PURE };
  const extra: Layer = isTest(path) ? { ...IN_TESTS, folders: [...IN_TESTS.folders, ...houseOf(own)] } : { folders: [] };
  if (specifier.startsWith(".")) {
    const imported = normalize(join(dirname(path), specifier)).replaceAll("\\", "/");
    if (isTest(path) && EQUIPMENT.test(imported)) return true;
    const target = layerOf(imported);
    return target === own || isIn(target, folders) || isIn(target, extra.folders);
  }
  if (specifier.startsWith("(computed)")) return node !== "none";
  if (isBuiltin(specifier)) return node !== "none" || isTest(path);
  return isListed(packageOf(specifier), packages) || isListed(packageOf(specifier), extra.packages);
}

/** One sentence for each forbidden import. */
function breaches(files: readonly Source[]): string[] {
  return files.flatMap((file) =>
    rowOf(layerOf(file.path)) === undefined
      ? [`${file.path} is in no folder of the table`]
      : importsOf(file.text)
          .filter((specifier) => !mayImport(file, specifier))
          .map((specifier) => `${file.path} may not import ${specifier}`),
  );
}

/** Lines that are neither blank nor comment: what the linter counts, too. */
const codeLines = (text: string): number =>
  text
    .replaceAll(/^\s*\/\*[\s\S]*?\*\/\s*$/gm, "")
    .split("\n")
    .filter((line) => !/^\s*(\/\/.*)?$/.test(line)).length;

/** Tests may be long. */
const mayBeLong = isTest;

const tooLong = (files: readonly Source[]): string[] =>
  files.filter(({ path, text }) => !mayBeLong(path) && codeLines(text) > MAX_LINES).map(({ path }) => path);

/** In the isolates of workerd a promise that is made by the constructor may not be settled from another context. */
const constructsPromises = (files: readonly Source[]): string[] =>
  files
    .filter(({ path, text }) => IN_ISOLATES.test(path) && !isTest(path) && PROMISE_CONSTRUCTOR.test(withoutComments(text)))
    .map(({ path }) => path);

const withoutComments = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");

/** Imports that are there when the code runs. */
const loadedBy = ({ text }: Source): string[] => importsOf(text.replaceAll(/^(import|export) type\b[^;]*;/gm, ""));

/** Packages that code brings along which begins at `entries`. */
function packagesOf(files: readonly Source[], entries: readonly string[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set(entries);
  const found = new Set<string>();
  for (const path of reached)
    for (const specifier of loadedBy(byPath.get(path) ?? { path, text: "" })) {
      if (specifier.startsWith(".")) reached.add(normalize(join(dirname(path), specifier)).replaceAll("\\", "/"));
      else found.add(packageOf(specifier));
    }
  return [...found];
}

const emptyNames = (files: readonly Source[]): string[] =>
  files.map(({ path }) => path).filter((path) => EMPTY_NAMES.test(path.slice("src".length)));

describe("src/ keeps the architecture", () => {
  test("every import is in the table", () => {
    expect(breaches(sources)).toEqual([]);
  });

  test(`no file has more than ${MAX_LINES} lines of code`, () => {
    expect(tooLong(sources)).toEqual([]);
  });

  test("no file or folder has a name that could hold anything", () => {
    expect(emptyNames(sources)).toEqual([]);
  });

  test("promises in isolates are made by runtime/settleable.ts", () => {
    expect(constructsPromises(sources)).toEqual([]);
  });

  test("isolates are spared what only the server needs", () => {
    expect(packagesOf(sources, ISOLATE_ENTRIES).toSorted()).toEqual(ISOLATE_PACKAGES);
  });

  test("the table has no circle, and names only folders that it has", () => {
    const reaches = (from: string, seen: readonly string[]): boolean =>
      (rowOf(from)?.folders ?? []).some((next) => seen.includes(next) || reaches(next, [...seen, next]));
    expect(Object.keys(LAYERS).filter((name) => reaches(name, [name]))).toEqual([]);
    const named = Object.values(LAYERS).flatMap(({ folders }) => folders);
    expect(named.filter((folder) => folder !== "*" && rowOf(folder) === undefined)).toEqual([]);
  });
});

describe("the guard sees a planted breach", () => {
  test.each([
    ["model", "src/model/a.ts", `import type { Clock } from "../ports/clock.ts";`],
    ["model, npm", "src/model/a.ts", `import { z } from "zod";`],
    ["model, a test's package", "src/model/a.ts", `import { Cron } from "croner";`],
    ["engine, over several lines", "src/engine/a.ts", `import {\n  rows,\n  type Row,\n} from "../stores/sqlite/rows.ts";`],
    ["engine, node:", "src/engine/a.ts", `import { setTimeout } from "node:timers/promises";`],
    ["engine, node without its prefix", "src/engine/a.ts", `import fs from "fs";`],
    ["engine, without from", "src/engine/a.ts", `import "pino";`],
    ["engine, a Worker's deployment", "src/engine/a.ts", `import { deploy } from "../workers/deploy/deploy.ts";`],
    ["a room of the engine, upwards", "src/engine/state/a.ts", `import type { Core } from "../runs/core.ts";`],
    ["a room of the engine, the top", "src/engine/runs/a.ts", `import { openEngine } from "../open.ts";`],
    ["hosts of Workers, the engine", "src/workers/hosts/a.ts", `import type { Live } from "../../engine/state/live.ts";`],
    ["protocol, re-export", "src/protocol/a.ts", `export * from "../runtime/step.ts";`],
    ["ports, dynamic", "src/ports/a.ts", `const at = await import("node:crypto");`],
    ["ports, computed", "src/ports/a.ts", "const at = await import(`node:${name}`);"],
    ["runtime, type of an import", "src/runtime/a.ts", `let x: import("../engine/core.ts").Core;`],
    ["runtime, getBuiltinModule", "src/runtime/a.ts", `const fs = process.getBuiltinModule("node:fs");`],
    ["a store's sibling", "src/stores/sqlite/a.ts", `import { x } from "../memory/store.ts";`],
    ["a store's engine", "src/stores/memory/a.ts", `import { x } from "../../engine/core.ts";`],
    ["an executor's sibling", "src/executors/node/a.ts", `import { x } from "../workerd/host.ts";`],
    ["an executor's store", "src/executors/workerd/a.ts", `import { x } from "../../stores/sqlite/store.ts";`],
    ["api, upwards", "src/api/routes/a.ts", `import { x } from "../../server/listen.ts";`],
    ["api, npm", "src/api/a.ts", `import { serve } from "@hono/node-server";`],
    ["server, store", "src/server/a.ts", `import { x } from "../stores/sqlite/store.ts";`],
    ["testing, sqlite", "src/testing/a.ts", `import { x } from "../stores/sqlite/store.ts";`],
    ["the entry, cli", "src/index.ts", `export { x } from "./cli/main.ts";`],
    ["a test, the other way round", "src/engine/a.test.ts", `import { x } from "../server/listen.ts";`],
    ["a test's rights in a source", "src/engine/a.ts", `import { test } from "vitest";`],
    ["a folder that the table lacks", "src/toolbox/a.ts", ""],
  ])("%s", (_, path, text) => {
    expect(breaches([{ path, text }])).toHaveLength(1);
  });

  test.each([
    ["src/engine/a.ts", `import { x } from "./b.ts";\nexport type { Y } from "../model/y.ts";`],
    ["src/engine/journal/a.ts", `import type { Live } from "../state/live.ts";\nimport type { Action } from "../contract.ts";`],
    ["src/engine/state/a.test.ts", `import { openEngine } from "../open.ts";`],
    ["src/model/values/value.ts", `import { stringify } from "devalue";`],
    ["src/engine/a.test.ts", `import { test } from "vitest";\nimport { clock } from "../testing/clock.ts";`],
    ["src/stores/sqlite/a.ts", `import { DatabaseSync } from "node:sqlite";`],
    ["src/executors/node/a.ts", "const { default: X } = await import(url);"],
    ["src/cli/dev/dev.ts", `import { x } from "../stores/sqlite/store.ts";\nimport { parse } from "any-package";`],
    ["src/model/a.ts", `export const from = "zod";\n// an export from "zod" that is only spoken of`],
    ["src/executors/in-process/a.ts", `import { x } from "../../runtime/step.ts";`],
  ])("and leaves %s alone", (path, text) => {
    expect(breaches([{ path, text }])).toEqual([]);
  });

  test("a file of 301 lines, whatever comments surround it", () => {
    const code = (lines: number): string => `/**\n * Prose.\n */\n\n${"// why\nlet a = 1;\n".repeat(lines)}`;
    expect(tooLong([{ path: "src/engine/a.ts", text: code(MAX_LINES) }])).toEqual([]);
    expect(tooLong([{ path: "src/engine/a.ts", text: code(MAX_LINES + 1) }])).toEqual(["src/engine/a.ts"]);
    expect(tooLong([{ path: "src/engine/a.test.ts", text: code(MAX_LINES + 1) }])).toEqual([]);
  });

  test("a name that could hold anything", () => {
    const named = (path: string): Source => ({ path, text: "" });
    expect(emptyNames([named("src/engine/utils.ts"), named("src/lib/a.ts"), named("src/api/sql-helper.ts")])).toHaveLength(3);
    expect(emptyNames([named("src/engine/library.ts"), named("src/model/common-prefix.ts")])).toEqual([
      "src/model/common-prefix.ts",
    ]);
  });

  test("a package that isolates would bring along", () => {
    const files = [
      { path: "src/bindings/made.ts", text: `import { kv } from "./kv/kind.ts";\nimport type { d1 } from "./d1/kind.ts";` },
      { path: "src/bindings/kv/kind.ts", text: `import { z } from "zod";` },
      { path: "src/bindings/d1/kind.ts", text: `import "another";` },
    ];
    expect(packagesOf(files, ["src/bindings/made.ts"])).toEqual(["zod"]);
  });

  test("a promise that is made by the constructor", () => {
    const made = (path: string, text = "return new Promise<void>((resolve) => void resolve());"): Source => ({ path, text });
    expect(constructsPromises([made("src/runtime/a.ts"), made("src/executors/workerd/isolate/facades/a.ts")])).toHaveLength(2);
    const comment = made("src/runtime/a.ts", "/** Says `new Promise`. */\n// new Promise\nsettleable();");
    expect(constructsPromises([comment, made("src/runtime/a.test.ts"), made("src/executors/node/a.ts")])).toEqual([]);
  });
});
