/**
 * Holds the sources against the rules of `test/architecture/`, and then proves that the guard can bark, by showing it sources that break
 * each rule.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { cycles } from "./architecture/cycles.ts";
import { breaches, LAYERS, rowOf } from "./architecture/layers.ts";
import { ISOLATE_ENTRIES, ISOLATE_PACKAGES, packagesOf } from "./architecture/isolates.ts";
import { roomBreaches } from "./architecture/rooms.ts";
import {
  constructsPromises,
  crowded,
  emptyNames,
  MAX_FILES,
  MAX_LINES,
  tooLong,
  untypedConstants,
  wrongPorts,
} from "./architecture/shape.ts";
import { needlesslyAllowed, takesFromMachine } from "./architecture/machine.ts";
import { missingFiles } from "./architecture/page.ts";
import { sources, type Source } from "./architecture/sources.ts";

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

  test("time and chance are handed in", () => {
    expect(takesFromMachine(sources)).toEqual([]);
    expect(needlesslyAllowed(sources)).toEqual([]);
  });

  test("isolates are spared what only the server needs", () => {
    expect(packagesOf(sources, ISOLATE_ENTRIES).toSorted()).toEqual(ISOLATE_PACKAGES);
  });

  test("no files import one another in a circle, not for types either", () => {
    expect(cycles(sources)).toEqual([]);
  });

  test("no room imports one above it", () => {
    expect(roomBreaches(sources)).toEqual([]);
  });

  test(`no folder has more than ${MAX_FILES} files`, () => {
    expect(crowded(sources)).toEqual([]);
  });

  test("ports are types, and short", () => {
    expect(wrongPorts(sources)).toEqual([]);
  });

  test("exported constants have a written type", () => {
    expect(untypedConstants(sources)).toEqual([]);
  });

  test("the table has no circle, and names only folders that it has", () => {
    const reaches = (from: string, seen: readonly string[]): boolean =>
      (rowOf(from)?.folders ?? []).some((next) => seen.includes(next) || reaches(next, [...seen, next]));
    expect(Object.keys(LAYERS).filter((name) => reaches(name, [name]))).toEqual([]);
    const named = Object.values(LAYERS).flatMap(({ folders }) => folders);
    expect(named.filter((folder) => folder !== "*" && rowOf(folder) === undefined)).toEqual([]);
  });
});

describe("ARCHITECTURE.md names what is there", () => {
  test("every file", () => {
    expect(missingFiles(readFileSync(new URL("../ARCHITECTURE.md", import.meta.url), "utf8"))).toEqual([]);
  });

  test("and the check sees a file that is gone", () => {
    expect(missingFiles("`model/instance/decide.ts`, `model/gone.ts`\n  create  engine/verbs/lost.ts  id")).toEqual([
      "model/gone.ts",
      "engine/verbs/lost.ts",
    ]);
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

  test.each([
    "const now = Date.now();",
    "const at = new Date();",
    "const begun = performance.now();",
    "if (Math.random() < rate) send();",
    `import { randomUUID } from "node:crypto";`,
    "const id = crypto.randomUUID();",
    "const key = randomBytes(16);",
  ])("time or chance of the machine: %s", (text) => {
    expect(takesFromMachine([{ path: "src/workers/a.ts", text }])).toEqual(["src/workers/a.ts"]);
    const handedIn = "// not Date.now()\nconst at = new Date(clock.now());";
    const others = ["src/system/a.ts", "src/workers/a.test.ts"].map((path) => ({ path, text }));
    expect(takesFromMachine([{ path: "src/workers/b.ts", text: handedIn }, ...others])).toEqual([]);
  });

  test("an exception that nothing needs", () => {
    expect(needlesslyAllowed(sources.filter(({ path }) => !path.startsWith("src/vault/")))).toEqual(["src/vault/"]);
  });

  test.each([
    ["of values", `import { b } from "./b.ts";`, `import { a } from "./a.ts";`],
    ["of types", `import type { B } from "./b.ts";`, `export type { A } from "./a.ts";`],
    ["of a type in a place", `let b: import("./b.ts").B;`, `import { type A } from "./a.ts";`],
  ])("a circle %s", (_, a, b) => {
    const files = [
      { path: "src/model/step/a.ts", text: a },
      { path: "src/model/step/b.ts", text: b },
      { path: "src/model/step/c.ts", text: `import { a } from "./a.ts";` },
    ];
    expect(cycles(files)).toEqual(["src/model/step/a.ts → src/model/step/b.ts → src/model/step/a.ts"]);
    expect(cycles(files.filter(({ path }) => !path.endsWith("b.ts")))).toEqual([]);
  });

  test.each([
    ["src/model/values/a.ts", `import type { B } from "../instance/b.ts";`],
    ["src/model/limits.ts", `import type { B } from "./values/b.ts";`],
    ["src/model/instance/a.ts", `import type { B } from "../views/b.ts";`],
    ["src/runtime/run/a.ts", `import type { B } from "../handlers/b.ts";`],
    ["src/api/endpoint/a.ts", `import type { B } from "../cloudflare/b.ts";`],
    ["src/api/cloudflare/storage/a.ts", `import type { B } from "../../own/b.ts";`],
    ["src/model/attic/a.ts", ""],
  ])("a room that imports one above it, or has no place: %s", (path, text) => {
    expect(roomBreaches([{ path, text }])).toHaveLength(1);
  });

  test("and leaves rooms alone that import those below", () => {
    expect(roomBreaches([{ path: "src/model/views/a.ts", text: `import { b } from "../instance/b.ts";` }])).toEqual([]);
  });

  test("a folder of seventeen files", () => {
    const files = (count: number): Source[] =>
      Array.from({ length: count }, (_, i) => ({ path: `src/engine/runs/${i}.ts`, text: "" }));
    expect(crowded(files(MAX_FILES))).toEqual([]);
    expect(crowded(files(MAX_FILES + 1))).toEqual(["src/engine/runs"]);
  });

  test.each([
    ["a constant", "export const a: A = {};"],
    ["a class", "export class A {}"],
    ["a function", "export function a(): void {}"],
    ["an asynchronous function", "export async function a(): Promise<void> {}"],
    ["an import of a value", `import { a } from "../model/a.ts";`],
    ["too many lines", "// long\n".repeat(81)],
  ])("a port with %s", (_, text) => {
    expect(wrongPorts([{ path: "src/ports/a.ts", text }])).toEqual(["src/ports/a.ts"]);
    expect(
      wrongPorts([{ path: "src/ports/a.ts", text: `import type { A } from "./a.ts";\nexport interface B extends A {}\n` }]),
    ).toEqual([]);
  });

  test("a constant without a written type", () => {
    const typed =
      "export const A: number = 1 * 2;\nexport const B = [1,\n2] as const satisfies readonly number[];\nconst c = 1;\n";
    expect(untypedConstants([{ path: "src/a.ts", text: typed }])).toEqual([]);
    expect(untypedConstants([{ path: "src/a.ts", text: `${typed}export const D = 1 * 2;\n` }])).toEqual(["src/a.ts D"]);
  });
});
