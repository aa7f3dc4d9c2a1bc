/** Files that import one another in a circle. The linter looks at values alone; here imports of types count. */
import { importedPath, importsOf, type Source } from "./sources.ts";

/** The files from one back to itself, for each circle that a walk comes to; none when there is no circle. */
export function cycles(files: readonly Source[]): string[] {
  const edges = new Map(files.map(({ path, text }) => [path, importsOf(text).flatMap((each) => importedPath(path, each) ?? [])]));
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push([...trail.slice(at), path].join(" → "));
    if (at >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) walk(path, []);
  return found;
}
