/**
 * What observers are shown of an answer. Its schema decides: what that describes is shown, what it leaves open is hidden, and so is what
 * is marked as a payload or has the name of one. An endpoint that says nothing about payloads shows none, then.
 */
import { z } from "zod";
import { HIDDEN } from "../../model/views/hidden.ts";

const PAYLOADS: WeakSet<z.ZodType> = new WeakSet();
const OPEN: WeakSet<z.ZodType> = new WeakSet();

/** Fields of these names hold payloads, unless they are marked as open. */
const NAMES: ReadonlySet<string> = new Set(["params", "output", "payload", "input", "body", "value", "text", "preview", "data"]);

/** Marks what user code has been given or has returned. */
export function payload<T extends z.ZodType>(schema: T): T {
  PAYLOADS.add(schema);
  return schema;
}

/** Marks what is not, although its schema or its name would let one think so. */
export function open<T extends z.ZodType>(schema: T): T {
  OPEN.add(schema);
  return schema;
}

/** A value of a schema with its payloads hidden. Where there is none, there is none to hide. */
export function withoutPayloads(schema: z.ZodType, value: unknown): unknown {
  if (value === undefined || value === null || OPEN.has(schema)) return value;
  if (PAYLOADS.has(schema)) return HIDDEN;
  const { def } = schema as unknown as { readonly def: Definition };
  switch (def.type) {
    case "string":
    case "number":
    case "int":
    case "boolean":
    case "enum":
    case "literal":
    case "null":
      return value;
    case "optional":
    case "nullable":
    case "default":
    case "readonly":
      return withoutPayloads(def.innerType, value);
    case "array":
      return (value as unknown[]).map((each) => withoutPayloads(def.element, each));
    case "record":
      return mapped(value, () => def.valueType);
    case "object":
      return mapped(value, (name) => def.shape[name]);
    case "union": {
      const found = def.options.find((option) => option.safeParse(value).success);
      return found === undefined ? HIDDEN : withoutPayloads(found, value);
    }
    default:
      return HIDDEN;
  }
}

/** As much of what zod knows of a schema. */
type Definition =
  | { readonly type: "string" | "number" | "int" | "boolean" | "enum" | "literal" | "null" | "unknown" }
  | { readonly type: "optional" | "nullable" | "default" | "readonly"; readonly innerType: z.ZodType }
  | { readonly type: "array"; readonly element: z.ZodType }
  | { readonly type: "record"; readonly valueType: z.ZodType }
  | { readonly type: "object"; readonly shape: Readonly<Record<string, z.ZodType | undefined>> }
  | { readonly type: "union"; readonly options: readonly z.ZodType[] };

function mapped(value: unknown, schemaOf: (name: string) => z.ZodType | undefined): unknown {
  return Object.fromEntries(
    Object.entries(value as object).map(([name, each]): [string, unknown] => {
      const schema = schemaOf(name);
      if (schema === undefined) return [name, HIDDEN];
      const isNamed = NAMES.has(name) && !isOpen(schema) && each !== null && each !== undefined;
      return [name, isNamed ? HIDDEN : withoutPayloads(schema, each)];
    }),
  );
}

function isOpen(schema: z.ZodType): boolean {
  const { innerType } = (schema as unknown as { readonly def: { readonly innerType?: z.ZodType } }).def;
  return OPEN.has(schema) || (innerType !== undefined && isOpen(innerType));
}
