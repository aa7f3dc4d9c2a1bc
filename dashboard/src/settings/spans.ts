/** Formats durations and sizes in words. */

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** Milliseconds in the largest unit that they are a whole number of: `7 days`. */
export function spanWords(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms >= each && ms % each === 0) ?? ["millisecond", 1];
  const count = ms / size;
  return `${count.toLocaleString("en")} ${unit}${count === 1 ? "" : "s"}`;
}

const SIZES = [
  ["GiB", 1024 ** 3],
  ["MiB", 1024 ** 2],
  ["KiB", 1024],
] as const;

/** Bytes in the largest unit that they are a whole number of; other numbers of them as they are. */
export function byteWords(bytes: number): string {
  const found = SIZES.find(([, each]) => bytes >= each && bytes % each === 0);
  return found === undefined ? `${bytes.toLocaleString("en")} bytes` : `${bytes / found[1]} ${found[0]}`;
}
