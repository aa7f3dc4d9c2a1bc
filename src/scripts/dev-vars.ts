/** `.dev.vars`: secrets for local work, as `NAME=value` lines. Never shown, never logged. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";

/** The variables of a project's `.dev.vars`; none when there is no such file. */
export async function readDevVars(folder: string): Promise<Readonly<Record<string, string>>> {
  try {
    const found = parseEnv(await readFile(join(folder, ".dev.vars"), "utf8"));
    return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, value ?? ""]));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw cause;
  }
}
