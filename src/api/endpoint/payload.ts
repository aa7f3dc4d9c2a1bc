/**
 * What observers are shown of an answer. Its schema decides: what that describes is shown, what it leaves open is hidden, and
 * so is what is marked as a payload or has the name of one. An endpoint that says nothing about payloads shows none, then.
 */
import { z } from "zod";
import { HIDDEN } from "../../model/views/hidden.ts";

/** What is said of a schema besides what it describes; its copies, like those of `describe`, say the same. */
const MARKS = z.registry<{ readonly holds: "payload" | "nothing" }>();

/** Fields of these names hold payloads, unless they are marked as open. */
const NAMES: ReadonlySet<string> = new Set(["params", "output", "payload", "input", "body", "value", "text", "preview", "data"]);

/** Marks what user code has been given or has returned. */
export function payload<T extends z.ZodType>(schema: T): T {
  MARKS.add(schema, { holds: "payload" });
  return schema;
}

/** Marks what is not, although its schema or its name would let one think so. */
export function open<T extends z.ZodType>(schema: T): T {
  MARKS.add(schema, { holds: "nothing" });
  return schema;
}

/** A value of a schema with its payloads hidden. Where there is none, there is none to hide. */
export function withoutPayloads(schema: z.core.$ZodType, value: unknown): unknown {
  const holds = MARKS.get(schema)?.holds;
  if (value === undefined || value === null || holds === "nothing") return value;
  if (holds === "payload") return HIDDEN;
  // As zod's documentation for authors of libraries walks through schemas.
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "string":
    case "number":
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
      const found = def.options.find((option) => z.safeParse(option, value).success);
      return found === undefined ? HIDDEN : withoutPayloads(found, value);
    }
    default:
      return HIDDEN;
  }
}

function mapped(value: unknown, schemaOf: (name: string) => z.core.$ZodType | undefined): unknown {
  return Object.fromEntries(
    Object.entries(value as object).map(([name, each]): [string, unknown] => {
      const schema = schemaOf(name);
      if (schema === undefined) return [name, HIDDEN];
      const isNamed = NAMES.has(name) && !isOpen(schema) && each !== null && each !== undefined;
      return [name, isNamed ? HIDDEN : withoutPayloads(schema, each)];
    }),
  );
}

function isOpen(schema: z.core.$ZodType): boolean {
  if (MARKS.get(schema)?.holds === "nothing") return true;
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return "innerType" in def && isOpen(def.innerType);
}
