/** Names that a module exports, determined from its code. */
import { expect, test } from "vitest";
import type { ScriptModule } from "../../ports/catalog/script-versions.ts";
import { exportedNames } from "./exports.ts";

const esm = (name: string, content: string): ScriptModule => ({ name, type: "esm", content });

test.each<[string, string, readonly ScriptModule[], readonly string[] | undefined]>([
  ["declarations", "export class A {} export function f() {} export const { b, c: [d] } = x;", [], ["A", "f", "b", "d"]],
  [
    "a list, as bundlers write it",
    'var a = class {}; export { a as A, a as default, a as "odd name" };',
    [],
    ["A", "default", "odd name"],
  ],
  ["a default", "export default class A {}", [], ["default"]],
  ["a namespace", 'export * as all from "node:fs";', [], ["all"]],
  [
    "other modules",
    'export * from "./lib/a.js"; export class A {}',
    [
      esm("lib/a.js", 'export * from "./b.js"; export default 1; export class B {}'),
      esm("b.js", 'export class C {} export * from "lib/a.js";'),
    ],
    ["C", "B", "A"],
  ],
  ["what is elsewhere", 'export * from "node:fs"; export class A {}', [], undefined],
  ["what cannot be read", "export class {", [], undefined],
  ["nothing", "1;", [], []],
])("%s", (_, code, modules, names) => {
  expect(exportedNames({ code, modules })).toEqual(names);
});
