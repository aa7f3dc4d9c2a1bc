/** Shapes of configuration: where it is found, what it says, and what comes beside it. */
import { answering, DATE, type Input } from "../input.ts";

const VARS = answering("", "[env.MODE ?? null, env.SECRET ?? null, env.OTHER ?? null, Object.keys(env).sort()]");

const WORKFLOW = `import { WorkflowEntrypoint } from "cloudflare:workers";
export class Main extends WorkflowEntrypoint {
  async run(event, step) { return step.do("a", async () => [this.env.MODE ?? null, event.payload]); }
}
export default { async fetch(request, env, ctx) {
  const instance = await (env.WF ?? ctx.exports.Main).create({ params: { a: 1 } });
  for (;;) {
    const { status, output } = await instance.status();
    if (status === "complete" || status === "errored") return Response.json([status, output]);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
} };`;

function shape(
  name: string,
  about: string,
  fields: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>> = {},
  more: Partial<Input> = {},
): Input {
  const plain = { name: "parity", main: "index.js", compatibility_date: DATE, ...fields };
  const file = Object.keys(files).some((path) => /wrangler\.(jsonc?|toml)$/.test(path))
    ? {}
    : { "wrangler.json": JSON.stringify(plain) };
  return { name, topic: "configuration", about, files: { "index.js": VARS, ...file, ...files }, ...more };
}

const TOML = `name = "parity"
main = "index.js"
compatibility_date = "${DATE}"
[vars]
MODE = "top"
[env.staging]
vars = { MODE = "staging" }
[env.production]
`;

const LIVE = answering("", 'await (await env.COUNTER.get(env.COUNTER.idFromName("a")).fetch("http://x/")).json()');
const COUNTER = `import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  async fetch() { const n = ((await this.ctx.storage.get("n")) ?? 0) + 1; await this.ctx.storage.put("n", n); return Response.json(n); }
}
${LIVE}`;

export const CONFIGURATION: readonly Input[] = [
  shape(
    "jsonc",
    "`wrangler.jsonc` with comments and trailing commas",
    {},
    {
      "wrangler.jsonc": `{ // a comment\n "name": "parity", "main": "index.js", "compatibility_date": "${DATE}", "vars": { "MODE": "jsonc", }, }`,
    },
  ),
  shape("toml", "`wrangler.toml`", {}, { "wrangler.toml": TOML }),
  shape(
    "env",
    "`--env` chooses an environment; `vars` are its own",
    {},
    { "wrangler.toml": TOML },
    { args: ["--env", "staging"] },
  ),
  shape("env-without-vars", "an environment that has no `vars`", {}, { "wrangler.toml": TOML }, { args: ["-e", "production"] }),
  shape(
    "env-unknown",
    "an environment that is not there is refused",
    {},
    { "wrangler.toml": TOML },
    { args: ["--env", "nowhere"] },
  ),
  shape(
    "env-variable",
    "`CLOUDFLARE_ENV` chooses an environment",
    {},
    { "wrangler.toml": TOML },
    { env: { CLOUDFLARE_ENV: "staging" } },
  ),
  shape(
    "env-workflow",
    "a workflow of an environment",
    {
      env: { staging: { vars: { MODE: "staging" }, workflows: [{ binding: "WF", name: "parity-staging", class_name: "Main" }] } },
    },
    { "index.js": WORKFLOW },
    { args: ["--env", "staging"] },
  ),
  shape(
    "dev-vars",
    "`.dev.vars` before `vars` and `.env`",
    { vars: { MODE: "vars" } },
    { ".dev.vars": 'MODE=devvars\nSECRET="two words"\n', ".env": "OTHER=dotenv\n" },
  ),
  shape(
    "dev-vars-env",
    "`.dev.vars.<env>` instead of `.dev.vars`",
    { env: { staging: {} } },
    { ".dev.vars": "MODE=plain\nOTHER=plain\n", ".dev.vars.staging": "MODE=staging\n" },
    { args: ["--env", "staging"] },
  ),
  shape(
    "dotenv",
    "`.env` without `.dev.vars`",
    { vars: { MODE: "vars", OTHER: "vars" } },
    { ".env": "SECRET=dotenv\nMODE=dotenv\n" },
  ),
  shape(
    "dotenv-layers",
    "`.env`, `.env.local`, `.env.<env>`, `.env.<env>.local`",
    { env: { staging: {} } },
    {
      ".env": "MODE=1\nSECRET=1\nOTHER=1\nLAST=1\n",
      ".env.local": "SECRET=2\n",
      ".env.staging": "OTHER=3\n",
      ".env.staging.local": "LAST=4\n",
    },
    { args: ["--env", "staging"] },
  ),
  shape(
    "dotenv-expansion",
    "references in `.env`",
    {},
    { ".env": 'MODE=a\nSECRET=${MODE}-b-$MODE\nOTHER="${NOWHERE:-else} \\$x ${MODE:+instead}"\n' },
  ),
  shape(
    "secrets-required",
    "`secrets.required`: nothing else becomes a secret",
    { vars: { MODE: "vars" }, secrets: { required: ["SECRET"] } },
    { ".dev.vars": "SECRET=s\nOTHER=o\nMODE=m\n" },
  ),
  shape(
    "var",
    "`--var` goes before everything",
    { vars: { MODE: "vars" } },
    { ".dev.vars": "MODE=devvars\n" },
    { args: ["--var", "MODE:given:twice", "--var", "OTHER:o"] },
  ),
  shape("vars-json", "variables that are no texts", { vars: { MODE: { a: [1, null, true] }, OTHER: 7, SECRET: "text" } }),
  shape(
    "define",
    "`define` of the configuration and of the command line",
    { define: { __A__: '"a"', __B__: "1" } },
    { "index.js": answering("", "[__A__, __B__, __C__]") },
    { args: ["--define", "__B__:2", "--define", '__C__:"c"'] },
  ),
  shape(
    "alias-argument",
    "`--alias`",
    {},
    { "index.js": answering('import a from "left";', "a"), "right.js": 'export default "right";' },
    {
      args: ["--alias", "left:./right.js"],
      onPurpose: "`wrangler dev` does not follow `--alias`; `wrangler deploy` does, and so does stepwell.",
    },
  ),
  shape(
    "no-name",
    "no `name`",
    {},
    { "wrangler.json": JSON.stringify({ main: "index.js", compatibility_date: DATE, vars: { MODE: "unnamed" } }) },
  ),
  shape("no-date", "no `compatibility_date`", {}, { "wrangler.json": JSON.stringify({ name: "parity", main: "index.js" }) }),
  shape(
    "date-argument",
    "`--compatibility-date` and `--compatibility-flags`",
    {},
    { "index.js": answering("", "[typeof process, typeof Buffer]") },
    { args: ["--compatibility-date", "2025-04-01", "--compatibility-flags", "nodejs_compat"] },
  ),
  shape(
    "config-argument",
    "`-c` names the file",
    {},
    {
      "wrangler.json": JSON.stringify({
        name: "parity",
        main: "index.js",
        compatibility_date: DATE,
        vars: { MODE: "other file" },
      }),
      "wrangler.production.json": JSON.stringify({
        name: "parity",
        main: "index.js",
        compatibility_date: DATE,
        vars: { MODE: "production file" },
      }),
    },
    { args: ["-c", "wrangler.production.json"] },
  ),
  shape(
    "redirect",
    "`.wrangler/deploy/config.json` of a framework",
    {},
    {
      ".wrangler/deploy/config.json": '{ "configPath": "../../dist/wrangler.json" }',
      "dist/wrangler.json": JSON.stringify({
        name: "parity",
        main: "out.js",
        compatibility_date: DATE,
        no_bundle: true,
        vars: { MODE: "built" },
        rules: [{ type: "ESModule", globs: ["**/*.js"] }],
      }),
      "dist/out.js": 'import { a } from "./chunks/a.js";\n' + answering("", "[a, env.MODE]"),
      "dist/chunks/a.js": 'export const a = "chunk";',
    },
  ),
  shape(
    "assets-only",
    "static assets without code",
    {},
    {
      "wrangler.json": JSON.stringify({ name: "parity", compatibility_date: DATE, assets: { directory: "./public" } }),
      "public/index.html": "hello",
      "public/a.txt": "a",
    },
    { paths: ["/", "/a.txt", "/missing"] },
  ),
  shape(
    "assets-and-code",
    "static assets before code",
    { assets: { directory: "public", binding: "ASSETS" } },
    { "index.js": answering("", '["code", await (await env.ASSETS.fetch("http://x/a.txt")).text()]'), "public/a.txt": "asset" },
    { paths: ["/a.txt", "/other"] },
  ),
  shape(
    "assets-ignored",
    "`.assetsignore`",
    { assets: { directory: "public" } },
    {
      "index.js": answering("", '"code"'),
      "public/a.txt": "asset",
      "public/secret.txt": "secret",
      "public/lib/b.js": "b",
      "public/.assetsignore": "secret.txt\nlib\n",
    },
    { paths: ["/a.txt", "/secret.txt", "/lib/b.js"] },
  ),
  shape(
    "workflow",
    "a workflow that is bound",
    { workflows: [{ binding: "WF", name: "parity", class_name: "Main" }], vars: { MODE: "m" } },
    { "index.js": WORKFLOW },
  ),
  shape(
    "workflow-exports",
    "a workflow in `exports`, on `ctx.exports`",
    {
      exports: {
        Main: { type: "workflow", name: "parity", limits: { steps: 500 }, default_retention: { success_retention: "3 days" } },
      },
    },
    { "index.js": WORKFLOW },
  ),
  shape(
    "workflow-retention",
    "`default_retention` of a workflow",
    {
      workflows: [
        {
          binding: "WF",
          name: "parity",
          class_name: "Main",
          default_retention: { success_retention: "2 hours", error_retention: "3 days" },
        },
      ],
    },
    { "index.js": WORKFLOW },
  ),
  shape(
    "workflow-missing-class",
    "a workflow whose class is not there is refused",
    { workflows: [{ binding: "WF", name: "parity", class_name: "Other" }] },
    { "index.js": WORKFLOW },
  ),
  shape(
    "objects-exports",
    "a Durable Object in `exports`",
    {
      exports: { Counter: { type: "durable-object", storage: "sqlite" } },
      durable_objects: { bindings: [{ name: "COUNTER", class_name: "Counter" }] },
    },
    { "index.js": COUNTER },
    { paths: ["/", "/"] },
  ),
  shape(
    "objects-migrations",
    "a Durable Object with migrations",
    {
      migrations: [{ tag: "v1", new_sqlite_classes: ["Counter"] }],
      durable_objects: { bindings: [{ name: "COUNTER", class_name: "Counter" }] },
    },
    { "index.js": COUNTER },
    { paths: ["/", "/"] },
  ),
  shape(
    "objects-undeclared",
    "a Durable Object with neither",
    { durable_objects: { bindings: [{ name: "COUNTER", class_name: "Counter" }] } },
    { "index.js": COUNTER },
    { paths: ["/", "/"] },
  ),
  shape(
    "storage",
    "KV, D1 and R2 without ids",
    {
      kv_namespaces: [{ binding: "KV" }],
      d1_databases: [{ binding: "DB", database_name: "db" }],
      r2_buckets: [{ binding: "R2", bucket_name: "bucket" }],
    },
    {
      "index.js": answering(
        "",
        '(await env.KV.put("a", "kv"), await env.R2.put("a", "r2"), [await env.KV.get("a"), await (await env.R2.get("a")).text(), await env.DB.prepare("select 1 as one").first("one")])',
      ),
    },
  ),
  shape(
    "build-command",
    "`build.command` makes the entry",
    { main: "made/out.js", build: { command: "node make.mjs", cwd: ".", watch_dir: "src" } },
    {
      "src/a.txt": "made",
      "make.mjs":
        'import { mkdirSync, readFileSync, writeFileSync } from "node:fs";\nmkdirSync("made", { recursive: true });\nwriteFileSync("made/out.js", `export default { fetch: () => Response.json(${JSON.stringify(readFileSync("src/a.txt", "utf8"))}) };`);',
    },
  ),
  shape("build-command-fails", "a build command that fails", { build: { command: "exit 3" } }),
  shape("entry-missing", "an entry that is not there is refused", { main: "nowhere.js" }),
  shape("entry-without-extension", "an entry without its ending", { main: "index" }, { "index.js": answering("", '"found"') }),
  shape("unknown-field", "an unknown field is a warning", { compatibility_flag: ["a"], vars: { MODE: "runs" } }),
  shape("vars-list", "`vars` that is a list", { vars: ["a"] }),
  shape("duplicate-binding", "one name for two bindings is refused", {
    vars: { KV: "a" },
    kv_namespaces: [
      { binding: "KV", id: "a" },
      { binding: "KV", id: "b" },
    ],
  }),
  shape(
    "python",
    "Python",
    { main: "index.py", compatibility_flags: ["python_workers"] },
    {
      "index.py":
        "from workers import Response, WorkerEntrypoint\nclass Default(WorkerEntrypoint):\n    async def fetch(self, request):\n        return Response('py')\n",
    },
    { onPurpose: "Python Workers are not supported: it is refused." },
  ),
  shape(
    "rate-limit",
    "a rate limit",
    { ratelimits: [{ name: "RL", namespace_id: "1", simple: { limit: 1, period: 60 } }] },
    {
      "index.js": answering(
        "",
        '[await env.RL.limit({ key: "a" }), await env.RL.limit({ key: "a" }), await env.RL.limit({ keys: "a" }).catch(String)]',
      ),
    },
  ),
];
