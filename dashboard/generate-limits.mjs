/** Turns the tables of docs/limits.md into data for the dashboard's page of limits. The output is not committed. */
import { readFile, writeFile } from "node:fs/promises";

const page = await readFile(new URL("../docs/limits.md", import.meta.url), "utf8");

/** The rows of the table below a heading, cell by cell. Links become their text. */
function rowsBelow(heading) {
  const [, section = ""] = page.split(`## ${heading}\n`);
  const lines = section
    .split("\n## ")[0]
    .split("\n")
    .filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .slice(1, line.lastIndexOf("|"))
      .split("|")
      .map((cell) => cell.trim().replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")),
  );
}

const namesIn = (about) => Array.from(about.split(":")[0].matchAll(/`(\w+)`/g), ([, name]) => name);

const settable = rowsBelow("Configurable limits").map(([about, value, change, cloudflare]) => ({
  names: namesIn(about),
  about,
  value,
  change,
  cloudflare,
}));
const fixed = rowsBelow("Fixed limits").map(([about, value, cloudflare]) => ({
  names: namesIn(about),
  about,
  value,
  change: "",
  cloudflare,
}));

const text = `/** Generated from docs/limits.md. */

/** A limit, or several that belong together. */
export interface LimitRow {
  readonly names: readonly string[];
  readonly about: string;
  readonly value: string;
  readonly change: string;
  readonly cloudflare: string;
}

export const SETTABLE: readonly LimitRow[] = ${JSON.stringify(settable, undefined, 2)};

export const FIXED: readonly LimitRow[] = ${JSON.stringify(fixed, undefined, 2)};
`;
await writeFile(new URL("./src/settings/limits.gen.ts", import.meta.url), text);
