/** What code in isolates and threads brings along: it is loaded often. */
import { packageOf } from "./layers.ts";
import { importedPath, importsOf, type Source } from "./sources.ts";

/** Where the code of isolates and threads begins, and the packages that may come along: what is loaded there is loaded often. */
export const ISOLATE_ENTRIES: readonly string[] = ["script/main", "loader/loader"].map(
  (name) => `src/executors/workerd/isolate/${name}.ts`,
);
export const ISOLATE_PACKAGES: readonly string[] = [
  "@noble/hashes",
  "cloudflare:sockets",
  "cloudflare:workers",
  "cloudflare:workflows",
  "devalue",
  "node:async_hooks",
];

/** Imports that are there when the code runs. */
const loadedBy = ({ text }: Source): string[] => importsOf(text.replaceAll(/^(import|export) type\b[^;]*;/gm, ""));

/** Packages that code brings along which begins at `entries`. */
export function packagesOf(files: readonly Source[], entries: readonly string[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set(entries);
  const found = new Set<string>();
  for (const path of reached)
    for (const specifier of loadedBy(byPath.get(path) ?? { path, text: "" })) {
      if (specifier.startsWith(".")) reached.add(importedPath(path, specifier) ?? "");
      else found.add(packageOf(specifier));
    }
  return [...found];
}
