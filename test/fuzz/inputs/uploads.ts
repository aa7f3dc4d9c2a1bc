/** Uploads of Workers as wrangler sends them, then broken: in their parts, their metadata, or in any byte. */
import fc from "fast-check";
import { z } from "zod";
import { metadata } from "../../../src/workers/upload/metadata.ts";
import { mutated, mutations, TEXTS, type Mutation } from "./hostile.ts";
import { valueOf, type JsonSchema } from "./schema.ts";

export interface Part {
  readonly name: string;
  readonly filename: string | undefined;
  readonly type: string | undefined;
  readonly content: string;
}

/** One change of the bytes of the body. */
interface ByteChange {
  readonly how: "flip" | "insert" | "remove" | "cut" | "double";
  readonly at: number;
  readonly byte: number;
}

export interface UploadInput {
  readonly to: "script" | "version" | "assets";
  readonly script: string;
  /** Whether the code is such that its Worker answers `ok`. */
  readonly answers: boolean;
  readonly metadata: unknown;
  readonly parts: readonly Part[];
  readonly boundary: string;
  /** `{b}` is the boundary. */
  readonly contentType: string;
  readonly changes: readonly ByteChange[];
  /** Static assets by path, and what is announced of them besides. */
  readonly assets: Readonly<Record<string, string>>;
  readonly lie: "none" | "hash" | "size" | "missing" | "other" | "token";
}

/** What the Workers answer whose code is right. */
export const ANSWER = "ok 4711";

const RIGHT: readonly string[] = [
  `export default { fetch() { return new Response("${ANSWER}"); } };`,
  `import { WorkflowEntrypoint } from "cloudflare:workers";
   export class Made extends WorkflowEntrypoint { async run(event, step) { return step.do("a", async () => 1); } }
   export default { async fetch() { return new Response("${ANSWER}"); }, async scheduled() {} };`,
  `import text from "./other.txt"; export default { fetch: () => new Response("${ANSWER}" + text.slice(0, 0)) };`,
];

const WRONG: readonly string[] = [
  "",
  "export default {",
  "throw new Error('at the top')",
  "throw undefined",
  "export default null",
  "export default 1; export const Made = 1;",
  "export const then = () => {};",
  "import './missing.js'; export default {};",
  "import 'node:nothing'; export default {};",
  "import 'cloudflare:nothing';",
  "module.exports = {}",
  "addEventListener('fetch', () => {})",
  "export { a as default } from './index.js';",
  "export default Symbol()",
  "export default new Proxy({}, { get() { throw 1; }, ownKeys() { throw 2; } });",
  "export class Made { constructor() { throw 1; } } export default class {}",
  "process.exit(3)",
  "globalThis.Object = 1; Array.prototype.map = null; export default {};",
  "\0",
  "\ufeffexport default {}",
  "//# sourceMappingURL=data:application/json;base64,e30",
];

const TYPES = ["application/javascript+module", "application/javascript", "text/plain", "application/json", "application/wasm"];
const OTHER_TYPES = [
  ...TYPES,
  "application/octet-stream",
  "application/source-map",
  "text/x-python",
  "x",
  "",
  "text/plain; charset=utf-16",
];

const MODULES = ["other.js", "other.txt", "a/b.js", "data.json", "m.wasm", "index.js.map"];
const ODD_MODULES = [
  ...MODULES,
  "index.js",
  "metadata",
  "../x.js",
  "../../../../etc/passwd",
  "/abs.js",
  "a//b.js",
  "./index.js",
  "node:fs",
  "cloudflare:workers",
  "https://example.com/x.js",
  "__proto__",
  "constructor",
  "",
  ".",
  "..",
  "a b.js",
  "a%00.js",
  "\u{1f600}.js",
  "x".repeat(400),
];

const CONTENTS = [
  "",
  "export default 'other';",
  "text",
  "{}",
  "{",
  "\0asm\x01\0\0\0",
  "\0asm",
  '{"version":3,"sources":[],"mappings":"AAAA"}',
  "x".repeat(70_000),
];

const often = <T>(usual: fc.Arbitrary<T>, seldom: fc.Arbitrary<T>, weight: number = 6): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: seldom });

const part: fc.Arbitrary<Part> = fc.record({
  name: often(fc.constantFrom(...MODULES), fc.constantFrom(...ODD_MODULES), 1),
  filename: often(fc.constant("x.js"), fc.constantFrom(undefined, "../x", "a\\b", "\u{1f600}", "x".repeat(300)), 2),
  type: often(fc.constantFrom(...TYPES), fc.constantFrom(...OTHER_TYPES, undefined), 2),
  content: fc.constantFrom(...CONTENTS),
});

type Sent = Readonly<Record<string, unknown>>;

const bound = (type: string, fields: object): Sent => ({ name: "B", type, ...fields });

const BINDINGS: readonly Sent[] = [
  bound("plain_text", { text: "x" }),
  bound("json", { json: { a: [1] } }),
  bound("secret_text", { text: "secret" }),
  bound("kv_namespace", { namespace_id: "0f2ac74b498b48028cb68387c421e279" }),
  bound("d1", { id: "c020574a-5623-407b-be0c-cd192bab9545" }),
  bound("r2_bucket", { bucket_name: "files" }),
  bound("queue", { queue_name: "jobs" }),
  bound("service", { service: "app" }),
  bound("service", { service: "missing", entrypoint: "X" }),
  bound("workflow", { workflow_name: "made", class_name: "Made" }),
  bound("workflow", { workflow_name: "Quick", class_name: "Made" }),
  bound("workflow", { workflow_name: "Quick", script_name: "app" }),
  bound("durable_object_namespace", { class_name: "Room" }),
  bound("assets", {}),
  bound("version_metadata", {}),
  bound("ratelimit", { namespace_id: "1", simple: { limit: 1, period: 60 } }),
  bound("worker_loader", {}),
  bound("inherit", {}),
  bound("ai", {}),
  bound("nothing-known", { x: 1 }),
  { ...bound("plain_text", { text: "y" }), name: "__proto__" },
].map((each, i) => (each["name"] === "B" ? { ...each, name: `B${i}` } : each));

const NAMED: Readonly<Record<string, readonly string[]>> = {
  main_module: ["index.js", "index.js", "index.js", "other.js", "missing.js", ""],
  compatibility_date: ["2026-01-01", "2024-09-23", "2999-01-01", "2021-02-30", "x", "0000-00-00"],
  type: ["workflow", "durable-object", "worker"],
};

const sent = valueOf(
  z.toJSONSchema(metadata, { io: "input", unrepresentable: "any" }) as JsonSchema,
  (field) => NAMED[field] ?? [],
);

/** What Wrangler sends, what the schema lets through, and what nobody should. */
const about = fc
  .tuple(
    often(fc.constant({}), sent, 6),
    fc.record(
      {
        compatibility_date: fc.constantFrom("2026-01-01", "2024-09-23", "2999-12-31", "x"),
        compatibility_flags: fc.subarray(["nodejs_compat", "no_such_flag", "nodejs_compat"]),
        bindings: fc.subarray([...BINDINGS], { maxLength: 3 }),
        keep_bindings: fc.subarray(["secret_text", "plain_text", "x"]),
        exports: fc.constantFrom<object[]>(
          {},
          { Made: { type: "workflow", name: "made" } },
          { Made: { type: "durable-object" } },
        ),
        migrations: often(
          fc.constant<object | undefined>(undefined),
          fc.constantFrom<object[]>(
            { new_tag: "v1", steps: [{ new_sqlite_classes: ["Made"] }] },
            { old_tag: "v0", new_tag: "v2", steps: [] },
            { new_tag: "v1", steps: [{ renamed_classes: [{ from: "A", to: "B" }], deleted_classes: ["A"] }] },
          ),
          5,
        ),
        keep_assets: often(fc.constant(false), fc.constant(true), 5),
        annotations: fc.constantFrom<object[]>({ "workers/message": "m" }, { __proto__: "x" }, { a: "\u0000" }),
      },
      { requiredKeys: [] },
    ),
    often(fc.constant<Mutation[]>([]), mutations, 2),
  )
  .map(([random, usual, changes]) => mutated({ main_module: "index.js", ...usual, ...(random as object) }, changes));

const change: fc.Arbitrary<ByteChange> = fc.record({
  how: fc.constantFrom("flip", "insert", "remove", "cut", "double"),
  at: fc.nat(),
  byte: fc.nat({ max: 255 }),
});

const BOUNDARIES = ["----stepwell", "x", "-", "--", "a b", "x".repeat(70), "x".repeat(300), "a'()+_,-./:=?", "\xff", ""];

const CONTENT_TYPES = [
  "multipart/form-data",
  "multipart/form-data; boundary=",
  'multipart/form-data; boundary="{b}',
  "multipart/form-data; boundary={b}; boundary=x",
  "multipart/mixed; boundary={b}",
  "multipart/form-data; charset=utf-16; boundary={b}",
  "application/json",
  "application/x-www-form-urlencoded",
];

export const uploadInput: fc.Arbitrary<UploadInput> = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...RIGHT).map((code) => ({ code, answers: true })),
      fc.constantFrom(...WRONG).map((code) => ({ code, answers: false })),
    ),
    often(fc.constant<Part[]>([]), fc.array(part, { minLength: 1, maxLength: 4 }), 2),
    fc.record({
      to: fc.constantFrom("script", "script", "script", "script", "script", "version", "version", "version", "assets"),
      script: often(
        fc.constantFrom("m0", "m1", "m2"),
        fc.constantFrom("M", "a.b", "x".repeat(64), "-a", ...TEXTS.slice(8, 20)),
        20,
      ),
      metadata: about,
      boundary: often(fc.constant("----stepwell"), fc.constantFrom(...BOUNDARIES), 20),
      contentType: often(fc.constant('multipart/form-data; boundary="{b}"'), fc.constantFrom(...CONTENT_TYPES), 20),
      changes: often(fc.constant<ByteChange[]>([]), fc.array(change, { minLength: 1, maxLength: 3 }), 3),
      assets: fc.oneof(
        { weight: 4, arbitrary: fc.constant<Record<string, string>>({}) },
        fc.dictionary(
          fc.constantFrom("/index.html", "/a/b.txt", "/x.js", "/_headers", "/%2e%2e/x", "/..", "x", "/\u{1f600}", "/__proto__"),
          fc.string({ maxLength: 12 }),
          {
            maxKeys: 3,
          },
        ),
      ),
      lie: often(fc.constant("none" as const), fc.constantFrom("hash", "size", "missing", "other", "token"), 2),
    }),
  )
  .map(([{ code, answers }, more, rest]) => {
    const other = code.includes("./other.txt")
      ? [{ name: "other.txt", filename: "other.txt", type: "text/plain", content: "text" }]
      : [];
    const main = { name: "index.js", filename: "index.js", type: "application/javascript+module", content: code };
    return { ...rest, answers, parts: [main, ...other, ...more] };
  });

const quoted = (text: string): string =>
  text.replaceAll(/["\r\n]/g, (each) => `%${each.charCodeAt(0).toString(16).padStart(2, "0")}`);

/** The body, with its changes. */
export function bodyOf(parts: readonly Part[], boundary: string, changes: readonly ByteChange[]): Buffer {
  const lines = parts.map(({ name, filename, type, content }) =>
    [
      `--${boundary}`,
      `content-disposition: form-data; name="${quoted(name)}"${filename === undefined ? "" : `; filename="${quoted(filename)}"`}`,
      ...(type === undefined ? [] : [`content-type: ${type}`]),
      "",
      content,
      "",
    ].join("\r\n"),
  );
  let body = Buffer.from(`${lines.join("")}--${boundary}--\r\n`);
  for (const { how, at, byte } of changes) {
    const place = at % (body.length + 1);
    const [head, tail] = [body.subarray(0, place), body.subarray(place)];
    if (how === "cut") body = Buffer.from(head);
    else if (how === "insert") body = Buffer.concat([head, Buffer.of(byte), tail]);
    else if (how === "remove") body = Buffer.concat([head, tail.subarray(1 + (byte % 40))]);
    else if (how === "double") body = Buffer.concat([head, tail.subarray(0, byte), tail]);
    else if (place < body.length) {
      body = Buffer.from(body);
      body[place] = byte;
    }
  }
  return body;
}
