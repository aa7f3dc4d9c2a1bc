/** Kinds of modules, and the rules that say what imported files become. */
import { answering, config, type Input } from "../input.ts";

/** `(module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))` */
const WASM = "AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=";

function modules(
  name: string,
  about: string,
  files: Readonly<Record<string, string>>,
  more: Partial<Input> & { readonly fields?: Readonly<Record<string, unknown>> } = {},
): Input {
  const { fields = {}, ...rest } = more;
  return { name, topic: "modules", about, files: { ...config(fields), ...files }, ...rest };
}

export const MODULES: readonly Input[] = [
  modules("text", "`.txt`, `.html` and `.sql` are texts", {
    "index.js": answering('import a from "./a.txt";\nimport b from "./b.html";\nimport c from "./sql/c.sql";', "[a, b, c]"),
    "a.txt": "text é\n",
    "b.html": "<p>b</p>",
    "sql/c.sql": "select 1;",
  }),
  modules(
    "bin",
    "`.bin` is an ArrayBuffer",
    { "index.js": answering('import a from "./a.bin";', "[a instanceof ArrayBuffer, [...new Uint8Array(a)]]") },
    { base64: { "a.bin": "AAEC/w==" } },
  ),
  modules(
    "wasm",
    "`.wasm` is a WebAssembly.Module",
    { "index.js": answering('import m from "./add.wasm";', "(await WebAssembly.instantiate(m)).exports.add(2, 3)") },
    { base64: { "add.wasm": WASM } },
  ),
  modules(
    "wasm-module",
    "`.wasm?module`, as bundlers of other platforms want it",
    {
      "index.js": answering(
        'import m from "./add.wasm?module";',
        "[m instanceof WebAssembly.Module, new WebAssembly.Instance(m).exports.add(2, 3)]",
      ),
    },
    { base64: { "add.wasm": WASM } },
  ),
  modules(
    "wasm-in-package",
    "a package's `.wasm`, which it does not export",
    {
      "index.js": answering(
        'import { add } from "adder";\nimport m from "adder/add.wasm";',
        "[add(2, 3), m instanceof WebAssembly.Module]",
      ),
      "node_modules/adder/package.json": '{ "name": "adder", "version": "1.0.0", "exports": "./index.js", "type": "module" }',
      "node_modules/adder/index.js":
        'import m from "./add.wasm"; export const add = (a, b) => new WebAssembly.Instance(m).exports.add(a, b);',
    },
    { base64: { "node_modules/adder/add.wasm": WASM } },
  ),
  modules("same-file-twice", "one file that two modules import", {
    "index.js": answering('import a from "./a.txt";\nimport { b } from "./lib/b.js";', "[a, b]"),
    "lib/b.js": 'import a from "../a.txt"; export const b = a;',
    "a.txt": "once",
  }),
  modules(
    "rule-text",
    "a rule that makes `.graphql` a text",
    { "index.js": answering('import a from "./a.graphql";', "a"), "a.graphql": "type Query { a: Int }" },
    { fields: { rules: [{ type: "Text", globs: ["**/*.graphql"], fallthrough: true }] } },
  ),
  modules(
    "rule-no-fallthrough",
    "a rule without `fallthrough` ends those of its type",
    { "index.js": answering('import a from "./a.md";', "a"), "a.md": "# a" },
    { fields: { rules: [{ type: "Text", globs: ["**/*.md"] }] } },
  ),
  modules(
    "rule-shadowed",
    "a file that only an ended rule names is refused",
    { "index.js": answering('import a from "./a.md";\nimport b from "./b.txt";', "[a, b]"), "a.md": "# a", "b.txt": "b" },
    { fields: { rules: [{ type: "Text", globs: ["**/*.md"] }] } },
  ),
  modules(
    "rule-data",
    "a rule that makes `.dat` data",
    { "index.js": answering('import a from "./a.dat";', "a.byteLength"), "a.dat": "12345" },
    { fields: { rules: [{ type: "Data", globs: ["**/*.dat"] }] } },
  ),
  modules(
    "find-additional",
    "`find_additional_modules`: code that is loaded by name",
    {
      "src/index.js": answering("", '[(await import("./" + "part-" + "a.mjs")).a, (await import("./deep/b.mjs")).b]'),
      "src/part-a.mjs": "export const a = 1;",
      "src/deep/b.mjs": "export const b = 2;",
    },
    { fields: { main: "src/index.js", find_additional_modules: true, rules: [{ type: "ESModule", globs: ["**/*.mjs"] }] } },
  ),
  modules(
    "no-bundle",
    "`no_bundle`: files as they are",
    {
      "dist/index.js": answering('import { a } from "./lib/a.js";\nimport t from "./t.txt";', "[a, t]"),
      "dist/lib/a.js": "export const a = 1;",
      "dist/t.txt": "text",
    },
    { fields: { main: "dist/index.js", no_bundle: true, rules: [{ type: "ESModule", globs: ["**/*.js"] }] } },
  ),
  modules("commonjs", "CommonJS that ES modules import", {
    "index.js": answering('import b, { a } from "./a.cjs";\nimport c from "c";', "[a, b.a, c.c]"),
    "a.cjs": "exports.a = 1;",
    "node_modules/c/package.json": '{ "name": "c", "version": "1.0.0", "main": "c.js" }',
    "node_modules/c/c.js": 'module.exports = { c: require("./d").d };',
    "node_modules/c/d.js": "exports.d = __filename === undefined ? 1 : 2;".replace(
      "__filename === undefined",
      'typeof module === "object"',
    ),
  }),
  modules("json", "JSON is imported as a value", {
    "index.js": answering('import a, { b } from "./a.json";', "[a, b]"),
    "a.json": '{ "b": [1] }',
  }),
  modules("dynamic-import", "`import()` of a file", {
    "index.js": answering("", '(await import("./a.js")).a'),
    "a.js": "export const a = 1;",
  }),
  modules("conditions", "conditions of exports: `workerd`, `worker`, `browser`; `import` and `require` apart", {
    "index.js": answering(
      'import a from "a";\nimport b from "b";\nconst required = require("b");\nimport { c } from "c";',
      "[a, b, required, c]",
    ),
    "node_modules/a/package.json":
      '{ "name": "a", "version": "1.0.0", "exports": { "node": "./node.js", "workerd": "./workerd.js", "default": "./default.js" } }',
    "node_modules/a/node.js": 'export default "node";',
    "node_modules/a/workerd.js": 'export default "workerd";',
    "node_modules/a/default.js": 'export default "default";',
    "node_modules/b/package.json":
      '{ "name": "b", "version": "1.0.0", "exports": { "require": "./b.cjs", "import": "./b.mjs" } }',
    "node_modules/b/b.cjs": 'module.exports = "required";',
    "node_modules/b/b.mjs": 'export default "imported";',
    "node_modules/c/package.json":
      '{ "name": "c", "version": "1.0.0", "main": "./main.js", "browser": { "./main.js": "./browser.js" } }',
    "node_modules/c/main.js": 'exports.c = "main";',
    "node_modules/c/browser.js": 'exports.c = "browser";',
  }),
  modules(
    "alias",
    "`alias` of the configuration",
    {
      "index.js": answering('import a from "left";\nimport { b } from "#b";', "[a, b]"),
      "right.js": 'export default "right";',
      "b.ts": "export const b: number = 1;",
    },
    { fields: { alias: { left: "./right.js", "#b": "./b.ts" } } },
  ),
  modules(
    "preserve-file-names",
    "`preserve_file_names`",
    { "index.js": answering('import a from "./texts/a.txt";', "a"), "texts/a.txt": "kept" },
    { fields: { preserve_file_names: true } },
  ),
  modules(
    "base-dir",
    "`base_dir` for additional modules",
    {
      "src/index.js": answering("", '(await import("./" + "deep/b.mjs")).b'),
      "src/deep/b.mjs": "export const b = 2;",
    },
    {
      fields: {
        main: "src/index.js",
        base_dir: "src",
        find_additional_modules: true,
        rules: [{ type: "ESModule", globs: ["**/*.mjs"] }],
      },
    },
  ),
  modules(
    "commonjs-rule",
    "a rule that makes `.cjs` CommonJS modules, found by name",
    { "index.js": answering("", '(await import("./" + "a.cjs")).default.a'), "a.cjs": "module.exports = { a: 1 };" },
    { fields: { find_additional_modules: true, rules: [{ type: "CommonJS", globs: ["**/*.cjs"] }] } },
  ),
  modules("assets-text", "a missing file is refused", { "index.js": answering('import a from "./missing.txt";', "a") }),
];
