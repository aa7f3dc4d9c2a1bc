/** What a script has logged as values, besides the text that the platform makes of them: tails hand them on. */
import { LIMITS } from "../model/limits.ts";

/** Values as a JSON array; undefined when the text says as much, they are too long, or JSON has no form for them. */
export function loggedValues(parts: readonly unknown[]): string | undefined {
  if (parts.length === 1 && typeof parts[0] === "string") return undefined;
  try {
    const json = JSON.stringify(parts, shown);
    return json.length <= LIMITS.logLine ? json : undefined;
  } catch {
    // A cycle, or a `toJSON` of the user's that throws.
    return undefined;
  }
}

function shown(_: string, value: unknown): unknown {
  switch (typeof value) {
    case "bigint":
    case "function":
    case "symbol":
      return String(value);
    case "object":
      return value instanceof Error ? (value.stack ?? String(value)) : value;
    default:
      return value;
  }
}

/** The values of a text from an isolate, where user code has a hand in everything. Undefined when it is none. */
export function valuesOf(json: unknown): readonly unknown[] | undefined {
  if (typeof json !== "string" || json.length > LIMITS.logLine) return undefined;
  try {
    const values: unknown = JSON.parse(json);
    return Array.isArray(values) ? values : undefined;
  } catch {
    return undefined;
  }
}
