/** A Worker's entry: the file has to be there, and has to be an ES module. */
import { existsSync, statSync } from "node:fs";
import { relative } from "node:path";
import { ProjectError } from "../config/project-error.ts";
import type { BuildOptions } from "./options.ts";

type Entry = Pick<BuildOptions, "folder" | "main" | "command">;

/** Throws a `ProjectError` for an entry that is not there, and for one in Python. */
export function checkEntry({ folder, main, command }: Entry): void {
  const shown = relative(folder, main) || ".";
  if (existsSync(main) && statSync(main).isDirectory())
    throw new ProjectError(`The entry-point "${shown}" is a folder; "main" in the configuration must name a file`);
  if (!existsSync(main) && !EXTENSIONS.some((extension) => existsSync(main + extension)))
    throw new ProjectError(
      command === undefined
        ? `The entry-point file at "${shown}" was not found. If it has to be generated, run the project's build command and try again`
        : `The expected output file at "${shown}" was not found after running custom build: ${command.command}. ` +
            '"main" in the configuration should point to the file that it generates',
    );
  if (main.endsWith(".py")) throw new ProjectError(`${shown}: Python Workers are not supported; use JavaScript or TypeScript`);
}

/** esbuild finds a file without its ending. */
const EXTENSIONS = [".ts", ".tsx", ".js", ".jsx"];

/** Throws a `ProjectError` for code that exports nothing. */
export function checkExports({ folder, main }: Entry, exports: readonly string[] | undefined): void {
  if (exports === undefined || exports.length > 0) return;
  throw new ProjectError(
    `${relative(folder, main)} exports nothing, so it is a Worker in the service-worker format, which is not supported. Write it ` +
      "as an ES module: `export default { fetch(request, env, ctx) { … } }` instead of `addEventListener`.",
  );
}
