/** Files that a page names, from the root of the repository or from `src/`, and that are not there. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);

const NAMED = /[`\s]((?:[\w-]+\/)+[\w.-]+\.ts)(?=[`\s])/g;

export function missingFiles(page: string): string[] {
  const isThere = (path: string): boolean => existsSync(fileURLToPath(new URL(path, root)));
  const named = Array.from(page.matchAll(NAMED), ([, path = ""]) => path);
  return [...new Set(named)].filter((path) => !isThere(`src/${path}`) && !isThere(path));
}
