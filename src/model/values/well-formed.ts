/**
 * Text that is Unicode. Strings of JavaScript may have halves of surrogate pairs, which JSON can escape; but UTF-8 has none,
 * so that databases and URLs replace or refuse them. Values of users keep them, as they are stored as JSON.
 */

/** Where in a value that JSON can say there is a text, or a key, with half a surrogate pair; undefined when there is none. */
export function illFormedAt(value: unknown): (string | number)[] | undefined {
  if (typeof value === "string") return value.isWellFormed() ? undefined : [];
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const below = key.isWellFormed() ? illFormedAt(item) : [];
    if (below !== undefined) return [Array.isArray(value) ? Number(key) : key.toWellFormed(), ...below];
  }
  return undefined;
}
