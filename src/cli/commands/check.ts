/** `stepwell check`: looks for damage in the databases of a data directory, also while a server uses it. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { databaseIn } from "../../assembly/data-directory.ts";
import { UsageError } from "../../assembly/explain.ts";
import { examine } from "../../stores/sqlite/connection/damage.ts";
import { commandLine } from "../command-line.ts";

/** Prints a line for each database; the exit code is 1 when one is damaged. */
export async function check(args: readonly string[]): Promise<void> {
  const { values } = commandLine({ args: [...args], options: { data: { type: "string", default: ".stepwell" } } });
  const folder = resolve(values.data);
  if (!existsSync(databaseIn(folder)))
    throw new UsageError(`No data found in ${folder}: set --data to the data directory of a server`);
  for (const { file, problems } of examine(folder)) {
    process.stdout.write(
      problems.length === 0 ? `ok       ${file}\n` : problems.map((each) => `damaged  ${file}: ${each}\n`).join(""),
    );
    if (problems.length > 0) process.exitCode = 1;
  }
}
