/** wrangler configurations made from wrangler's own schema, as JSON and TOML: what may stand where, and most other things too. */
import fc from "fast-check";

/** As much of JSON Schema as wrangler's has. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema | readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly additionalProperties?: boolean | Schema;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

/** Properties that an object has besides those that it must have. */
const MOST_PROPERTIES = 5;

const DEPTH = 6;

/** Texts that configurations have: names, paths, patterns, dates, crons, and what is none of them. */
const text = fc.oneof(
  fc.constantFrom("a", "MY_KV", "src/index.ts", "../up", "/etc", "example.com/*", "2026-11-01", "nodejs_compat", "* * * * *"),
  fc.constantFrom("", " ", ".", "-", "constructor", "__proto__", "a".repeat(70), "1 day", "http://x:y@z/", "\ud800", "*"),
  fc.string({ maxLength: 6 }),
);

export const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e21, "", "a", [], {}, [null], [[]], [{}], { a: null }, [1, "a", {}]),
  text,
  fc.jsonValue({ maxDepth: 2 }),
);

/** Values that a schema describes. */
export function described(root: Schema, schema: Schema = root, depth: number = DEPTH): fc.Arbitrary<unknown> {
  const below = (each: Schema): fc.Arbitrary<unknown> => described(root, each, depth - 1);
  if (depth === 0) return junk;
  if (schema.$ref !== undefined) {
    const name = decodeURIComponent(schema.$ref.slice("#/definitions/".length));
    return fc.constant(name).chain(() => below(root.definitions?.[name] ?? {}));
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return fc.nat(either.length - 1).chain((i) => below(either[i] ?? {}));
  if (schema.allOf !== undefined) {
    return fc.tuple(...schema.allOf.map(below)).map((parts) => Object.assign({}, ...(parts as object[])) as object);
  }
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 1) return fc.constantFrom(...types).chain((type) => described(root, { ...schema, type }, depth));
  switch (types[0]) {
    case "object":
      return object(root, schema, depth);
    case "array":
      return fc.array(below([schema.items ?? {}].flat()[0] ?? {}), { maxLength: 3 });
    case "string":
      return text;
    case "number":
    case "integer":
      return fc.oneof(fc.nat(100), fc.constantFrom(-1, 0, 1.5, 1e9));
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default:
      return junk;
  }
}

function object(
  root: Schema,
  { properties = {}, required = [], additionalProperties: more }: Schema,
  depth: number,
): fc.Arbitrary<object> {
  const names = Object.keys(properties);
  const chosen = fc.subarray(names, { maxLength: Math.min(names.length, MOST_PROPERTIES) }).chain((some) => {
    const all = [...new Set([...required, ...some])];
    return fc.tuple(...all.map((name) => fc.tuple(fc.constant(name), described(root, properties[name] ?? {}, depth - 1))));
  });
  const others =
    typeof more === "object" || more === true
      ? fc.dictionary(text, described(root, more === true ? {} : more, depth - 1), { maxKeys: 2 })
      : fc.constant({});
  return fc.tuple(chosen, others).map(([entries, rest]) => Object.fromEntries([...entries, ...Object.entries(rest)]));
}

/** One place in a value, by numbers that choose the way to it, and what stands there instead. */
export interface Change {
  readonly way: readonly number[];
  readonly by: unknown;
  readonly is: "replace" | "remove" | "wrap";
}

export const change: fc.Arbitrary<Change> = fc.record({
  way: fc.array(fc.nat(1_000), { minLength: 1, maxLength: 5 }),
  by: junk,
  is: fc.constantFrom("replace", "replace", "remove", "wrap"),
});

export function changed(value: unknown, { way: [pick, ...way], by, is }: Change): unknown {
  const isEnd = typeof value !== "object" || value === null || pick === undefined || Object.keys(value).length === 0;
  if (isEnd) return is === "wrap" ? [value] : by;
  const keys = Object.keys(value);
  const key = keys[pick % keys.length] ?? "";
  const entries = Object.entries(value).flatMap(([name, each]): [string, unknown][] => {
    if (name !== key) return [[name, each]];
    return is === "remove" && way.length === 0 ? [] : [[name, changed(each, { way, by, is })]];
  });
  return Array.isArray(value) ? entries.map(([, each]) => each) : Object.fromEntries(entries);
}

/** TOML of a configuration, in as few forms as it has: keys in quotes, and tables in their line. It has no null. */
export function toToml(fields: object): string {
  return Object.entries(fields)
    .map(([key, value]) => `${JSON.stringify(key)} = ${inToml(value)}\n`)
    .join("");
}

function inToml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inToml).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, each]) => `${JSON.stringify(key)} = ${inToml(each)}`)
      .join(", ")} }`;
  return value === null || value === undefined ? '""' : JSON.stringify(value);
}
