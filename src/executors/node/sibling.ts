/** Where the other modules of this package lie: sources run as `.ts`, the published package as `.js`. */

/** The URL of a module, named relative to this folder and without its extension. */
export function siblingUrl(path: string): URL {
  const extension = new URL(import.meta.url).pathname.endsWith(".ts") ? "ts" : "js";
  return new URL(`${path}.${extension}`, import.meta.url);
}
