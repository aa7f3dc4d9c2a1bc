/** The version of stepwell. */
import { readFileSync } from "node:fs";

/** As in package.json. */
export function version(): string {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}
