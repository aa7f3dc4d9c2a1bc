/** Values that a JSON Schema lets through, mostly: what requests are made of before they are mutated. */
import fc from "fast-check";

/** As `z.toJSONSchema` makes them. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema | boolean;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

/** Texts that stand for something, by the name of the field or parameter that they are for. */
export type Names = (field: string) => readonly string[];

const MOST_ITEMS = 4;
const MOST_TEXT = 24;
/** Below it anything goes on only as small values. */
const DEEPEST = 6;

export function valueOf(schema: JsonSchema | boolean | undefined, names: Names, field = "", depth = 0): fc.Arbitrary<unknown> {
  if (schema === undefined || typeof schema === "boolean" || depth > DEEPEST) return fc.jsonValue({ maxDepth: 2 });
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return fc.oneof(...options.map((each) => valueOf(each, names, field, depth)));
  if (schema.allOf !== undefined)
    return fc
      .tuple(...schema.allOf.map((each) => valueOf(each, names, field, depth)))
      .map((parts) => (parts.every((each) => typeof each === "object") ? Object.assign({}, ...parts) : parts[0]) as unknown);
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  if (types.length === 0) return fc.jsonValue({ maxDepth: 2 });
  return fc.oneof(...types.map((type) => ofType(type, schema, names, field, depth)));
}

function ofType(type: string, schema: JsonSchema, names: Names, field: string, depth: number): fc.Arbitrary<unknown> {
  switch (type) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "integer":
      return numberOf(schema, (min, max) => fc.integer({ min: Math.max(min, -(2 ** 31)), max: Math.min(max, 2 ** 31 - 1) }));
    case "number":
      return numberOf(schema, (min, max) => fc.double({ min, max, noNaN: true }));
    case "array":
      return fc.array(valueOf(schema.items, names, field, depth + 1), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.max(schema.minItems ?? 0, Math.min(schema.maxItems ?? MOST_ITEMS, MOST_ITEMS)),
      });
    case "object":
      return objectOf(schema, names, depth);
    default:
      return textOf(schema, names(field));
  }
}

function numberOf(
  { minimum, maximum }: JsonSchema,
  made: (min: number, max: number) => fc.Arbitrary<number>,
): fc.Arbitrary<number> {
  const [min, max] = [minimum ?? -(2 ** 31), maximum ?? 2 ** 31 - 1];
  // Mostly small, so that what is accepted does not take hours.
  return fc.oneof(
    { weight: 3, arbitrary: made(min, Math.min(max, Math.max(min, 1) + 20)) },
    made(min, max),
    fc.constantFrom(min, max),
  );
}

function objectOf(
  { properties = {}, required = [], additionalProperties }: JsonSchema,
  names: Names,
  depth: number,
): fc.Arbitrary<object> {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, each]) => [name, valueOf(each, names, name, depth + 1)]),
  );
  const described = fc.record(fields, { requiredKeys: required.filter((name) => Object.hasOwn(fields, name)) });
  if (typeof additionalProperties !== "object" || Object.keys(additionalProperties).length === 0) return described;
  const more = fc.dictionary(
    fc.constantFrom("a", "b.js", "/x.html", "KEY"),
    valueOf(additionalProperties, names, "", depth + 1),
    { maxKeys: 3 },
  );
  return fc.tuple(described, more).map(([one, other]) => ({ ...one, ...other }));
}

function textOf({ minLength = 0, maxLength = MOST_TEXT, pattern }: JsonSchema, named: readonly string[]): fc.Arbitrary<string> {
  const free =
    pattern === undefined
      ? fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, MOST_TEXT)) })
      : fc.stringMatching(new RegExp(pattern, "u"), { maxLength: MOST_TEXT });
  return named.length === 0 ? free : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...named) }, free);
}
