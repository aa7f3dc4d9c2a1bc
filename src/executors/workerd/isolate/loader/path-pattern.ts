/** Patterns of paths with `*` for any text, slashes included (`run_worker_first`). */

/** A regular expression would try all ways to part a path among the stars; the first place of each part will do. */
export function fitsPath(pattern: string, path: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return path === pattern;
  if (!path.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = path.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return path.length - last.length >= at && path.endsWith(last);
}
