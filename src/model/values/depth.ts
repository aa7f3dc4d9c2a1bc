/**
 * How deep values are nested. What reads and writes values recurses, on stacks of very different sizes: of this process, of
 * threads, of workerd, under user code that may be deep itself. So deep values are found before they are read or written.
 */
import { LIMITS } from "../limits.ts";

/** Levels that calls and answers add around the values in them. */
const WRAPPING = 8;

/** How deep the arguments and the answers of calls may be nested. */
export const CALL_DEPTH: number = LIMITS.valueDepth + WRAPPING;

/** True when arrays and objects of a value that JSON can say are nested deeper than `levels`: `[[1]]` has two. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((item) => isDeeper(item, levels - 1));
  for (const key in value) if (isDeeper((value as Record<string, unknown>)[key], levels - 1)) return true;
  return false;
}

/** devalue's mark for an array with holes: its length follows, and then each index with what is there. */
const SPARSE = -7;

/** The shortest entry that leads one level down, with its comma. */
const ENTRY = 4;

/**
 * The same for a text of devalue, found without recursion: a list of entries that refer to one another by index. Where a
 * value is reachable in several ways, the first counts, in the order in which devalue reads it: that is how deep it recurses.
 */
export function isFlatDeeper(flat: string, most: number): boolean {
  if (flat.length <= ENTRY * most) return false;
  const entries: unknown = JSON.parse(flat);
  if (!Array.isArray(entries)) return false;
  const seen = new Uint8Array(entries.length);
  // Index and depth in turns: a list for each pair costs more than all else.
  const open: number[] = [0, 1];
  for (let depth = open.pop(); depth !== undefined; depth = open.pop()) {
    const index = open.pop() ?? 0;
    const entry: unknown = entries[index];
    if (seen[index] !== 0 || typeof entry !== "object" || entry === null) continue;
    seen[index] = 1;
    if (depth > most) return true;
    const below = namedBy(entry);
    for (let i = below.length - 1; i >= 0; i -= 1) {
      const each = below[i];
      if (typeof each === "number" && each >= 0) open.push(each, depth + 1);
    }
  }
  return false;
}

/** What an entry names, among values that are none. */
function namedBy(entry: object): readonly unknown[] {
  if (!Array.isArray(entry)) return Object.values(entry);
  const list: readonly unknown[] = entry;
  const [kind] = list;
  if (kind === SPARSE) return list.filter((_, i) => i > 2 && i % 2 === 1);
  // A view names its buffer, and says where in that it is.
  if (typeof kind === "string" && (kind.endsWith("Array") || kind === "DataView")) return list.slice(1, 2);
  return list;
}
