/** What source code is written in, and what it has of Node. */
import { answering, config, type Input } from "../input.ts";

function code(
  name: string,
  about: string,
  files: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, unknown>> = {},
  more: Partial<Input> = {},
): Input {
  return { name, topic: "code", about, files: { ...config(fields), ...files }, ...more };
}

const EVENTS = answering(
  'import { EventEmitter } from "events";\nimport { join } from "path";\nimport { Buffer } from "buffer";\nimport { createHash } from "crypto";',
  '[typeof new EventEmitter().on, join("a", "..", "b"), Buffer.from("a").toString("hex"), createHash("sha1").update("a").digest("hex")]',
);

export const CODE: readonly Input[] = [
  code("node-bare", "Node's modules without `node:`", { "index.js": EVENTS }),
  code(
    "node-bare-flag",
    "the same with `nodejs_compat`, at an older date",
    { "index.js": EVENTS },
    { compatibility_date: "2025-04-01", compatibility_flags: ["nodejs_compat"] },
  ),
  code("node-bare-none", "the same without the flag is refused", { "index.js": EVENTS }, { compatibility_date: "2025-04-01" }),
  code(
    "node-prefixed-none",
    "`node:` imports without the flag are left in, and fail",
    { "index.js": answering('import { join } from "node:path";', 'join("a", "b")') },
    { compatibility_date: "2025-04-01" },
  ),
  code(
    "node-prefixed-v1",
    "`nodejs_compat` of 2023: the runtime's own modules",
    {
      "index.js": answering(
        'import { EventEmitter } from "node:events";\nimport { AsyncLocalStorage } from "node:async_hooks";',
        "[typeof new EventEmitter().on, typeof new AsyncLocalStorage().run, typeof process]",
      ),
    },
    { compatibility_date: "2023-10-30", compatibility_flags: ["nodejs_compat"] },
  ),
  code(
    "node-als",
    "`nodejs_als`: AsyncLocalStorage alone",
    { "index.js": answering('import { AsyncLocalStorage } from "node:async_hooks";', "new AsyncLocalStorage().run(7, () => 7)") },
    { compatibility_date: "2025-04-01", compatibility_flags: ["nodejs_als"] },
  ),
  code(
    "node-off",
    "`no_nodejs_compat` turns it off",
    { "index.js": answering("", "[typeof process, typeof Buffer]") },
    { compatibility_flags: ["no_nodejs_compat", "no_nodejs_compat_v2"] },
  ),
  code("node-globals", "globals of Node", {
    "index.js": answering(
      "",
      "[typeof process.nextTick, typeof Buffer.from, typeof setImmediate, typeof global, process.platform, typeof performance.now]",
    ),
  }),
  code(
    "node-globals-older",
    "globals of Node from polyfills",
    {
      "index.js": answering(
        "",
        "[typeof process.nextTick, typeof Buffer.from, typeof setImmediate, typeof global, typeof process.hrtime, typeof console.table, typeof performance.mark]",
      ),
    },
    { compatibility_date: "2024-11-01", compatibility_flags: ["nodejs_compat"] },
  ),
  code(
    "node-polyfilled",
    "modules that come from polyfills at an older date",
    {
      "index.js": answering(
        'import fs from "fs";\nimport http from "node:http";\nimport os from "os";\nimport tty from "tty";\nimport { performance } from "perf_hooks";',
        "[typeof fs.readFileSync, typeof http.request, typeof os.platform, tty.isatty(1), typeof performance.now]",
      ),
    },
    { compatibility_date: "2024-11-01", compatibility_flags: ["nodejs_compat"] },
  ),
  code("node-required", "`require` of Node's modules", {
    "index.js":
      'const path = require("path");\nconst { EventEmitter } = require("node:events");\nexport default { fetch: () => Response.json([path.join("a", "b"), typeof EventEmitter]) };',
  }),
  code(
    "node-process-env",
    "`process.env` has variables and secrets",
    { "index.js": answering("", "[process.env.MODE, process.env.SECRET, process.env.HOME ?? null]"), ".dev.vars": "SECRET=s\n" },
    { vars: { MODE: "m" } },
  ),
  code("node-shims", "packages that unenv stands in for", {
    "index.js": answering(
      'import inherits from "inherits";\nimport crossFetch from "cross-fetch";',
      "[typeof inherits, typeof crossFetch]",
    ),
  }),
  code("node-env", "`process.env.NODE_ENV` is known when code is bundled", {
    "index.js":
      'let which = "none";\nif (process.env.NODE_ENV === "production") which = "production"; else which = process.env.NODE_ENV;\nexport default { fetch: () => Response.json([which, globalThis.process.env.NODE_ENV]) };',
  }),
  code(
    "node-env-given",
    "the same, from the environment",
    { "index.js": answering("", "process.env.NODE_ENV") },
    {},
    { env: { NODE_ENV: "staging" } },
  ),
  code(
    "typescript",
    "TypeScript: enums, parameter properties, `satisfies`, decorators' settings",
    {
      "index.ts":
        "enum Color { Red = 1, Blue }\nclass A { constructor(readonly a: number, private b = 2) {} sum() { return this.a + this.b; } }\nconst x = { c: Color.Blue } satisfies Record<string, Color>;\nexport default { async fetch(): Promise<Response> { return Response.json([x, new A(1).sum(), Color[1]]); } } satisfies ExportedHandler;",
    },
    { main: "index.ts" },
  ),
  code(
    "tsconfig-paths",
    "`paths` of tsconfig.json",
    {
      "src/index.ts": answering('import { a } from "@lib/a";', "a"),
      "src/lib/a.ts": "export const a = 1;",
      "tsconfig.json": '{ "compilerOptions": { "paths": { "@lib/*": ["./src/lib/*"] } } }',
    },
    { main: "src/index.ts" },
  ),
  code(
    "tsconfig-other",
    "`tsconfig` of the configuration",
    {
      "src/index.ts": answering('import { a } from "@lib/a";', "a"),
      "src/lib/a.ts": "export const a = 2;",
      "config/tsconfig.worker.json": '{ "compilerOptions": { "paths": { "@lib/*": ["../src/lib/*"] } } }',
    },
    { main: "src/index.ts", tsconfig: "config/tsconfig.worker.json" },
  ),
  code(
    "jsx-runtime",
    "JSX by tsconfig.json: the automatic runtime of Hono",
    {
      "index.tsx":
        'import { Hono } from "hono";\nconst app = new Hono().get("/", (c) => c.html(<p class="a">{"hi"}</p>));\nexport default app;',
      "tsconfig.json": '{ "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "hono/jsx" } }',
    },
    { main: "index.tsx" },
  ),
  code(
    "jsx-factory",
    "JSX by `jsx_factory` and `jsx_fragment`",
    {
      "index.jsx":
        'const h = (tag, props, ...children) => ({ tag, props, children });\nconst F = "fragment";\nexport default { fetch: () => Response.json(<><a b="c">d</a></>) };',
    },
    { main: "index.jsx", jsx_factory: "h", jsx_fragment: "F" },
  ),
  code("jsx-in-js", "JSX in `.js` files", {
    "index.js": "const React = { createElement: (tag) => ({ tag }) };\nexport default { fetch: () => Response.json(<p />) };",
  }),
  code("names", "functions keep their names", {
    "index.js":
      "const make = () => class {};\nconst Named = make();\nconst arrow = () => {};\nexport class A {}\nexport default { fetch: () => Response.json([arrow.name, A.name, new A().constructor.name]) };",
  }),
  code(
    "names-minified",
    "also when it is minified",
    {
      "index.js":
        "const arrow = () => {};\nclass Longer { run() { return new.target; } }\nexport default { fetch: () => Response.json([arrow.name, new Longer().constructor.name]) };",
    },
    { minify: true },
  ),
  code(
    "keep-names-off",
    "`keep_names: false`, minified",
    {
      "index.js":
        'const arrow = () => {};\nclass Longer {}\nexport default { fetch: () => Response.json([arrow.name === "arrow", new Longer().constructor.name === "Longer"]) };',
    },
    { minify: true, keep_names: false },
  ),
  code("using", "`using` stays as it is", {
    "index.js":
      'export default { fetch() { const order = []; { using a = { [Symbol.dispose]: () => order.push("disposed") }; order.push("used"); } return Response.json(order); } };',
  }),
  code("top-level-await", "top-level `await`", {
    "index.js": "const a = await Promise.resolve(7);\nexport default { fetch: () => Response.json(a) };",
  }),
  code(
    "class-entrypoint",
    "a class as the default export",
    {
      "index.js":
        'import { WorkerEntrypoint, env } from "cloudflare:workers";\nexport default class extends WorkerEntrypoint { fetch() { return Response.json([this.env.A, env.A]); } }',
    },
    { vars: { A: 1 } },
  ),
  code("navigator", "`navigator.userAgent`", { "index.js": answering("", "navigator.userAgent") }),
  code(
    "symlinked-package",
    "code next to the project, by a relative import",
    { "app/index.js": answering('import { a } from "../shared/a.js";', "a"), "shared/a.js": "export const a = 1;" },
    { main: "app/index.js" },
  ),
  code(
    "service-worker",
    "the service-worker format",
    { "index.js": 'addEventListener("fetch", (event) => event.respondWith(new Response("sw")));' },
    {},
    { onPurpose: "Only ES modules run here: it is refused with what to write instead." },
  ),
  code("syntax-error", "a syntax error is refused", { "index.js": "export default {" }),
  code("missing-package", "a package that is not installed is refused", {
    "index.js": answering('import a from "not-installed-anywhere";', "a"),
  }),
];
