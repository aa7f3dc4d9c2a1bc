/** A failed build, reported as by wrangler: every error, with its place and the code around it. */
import { builtinModules } from "node:module";
import { formatMessages, type BuildFailure, type Message } from "esbuild";
import { ProjectError } from "../config/project-error.ts";
import type { NodejsMode } from "./nodejs.ts";

export function isBuildFailure(cause: unknown): cause is BuildFailure {
  return cause instanceof Error && Array.isArray((cause as { errors?: unknown }).errors);
}

/** The error that says all that is wrong. */
export async function buildError(cause: BuildFailure, mode: NodejsMode): Promise<ProjectError> {
  const errors = cause.errors.map((error) => ({ ...error, notes: [...auditOf(error, mode)] }));
  const shown = await formatMessages(errors, { kind: "error", color: false });
  const count = errors.length === 1 ? "1 error" : `${errors.length} errors`;
  return new ProjectError(`Build failed with ${count}:\n\n${shown.join("").trimEnd()}`, { cause });
}

const UNRESOLVED = /^Could not resolve "(.+)"$/;

/** What helps here; esbuild's own advice is about its options. */
function auditOf({ text, notes }: Message, mode: NodejsMode): Message["notes"] {
  const name = UNRESOLVED.exec(text)?.[1];
  if (name === undefined) return notes;
  if (!builtinModules.includes(name.replace(/^node:/, "")))
    return notes.length === 0 ? notes : [note('Install it, or add an entry to "alias" in the configuration.')];
  const built = `The package "${name}" wasn't found on the file system but is built into node.`;
  if (mode === "none" || mode === "als") return [note(`${built}\n- Add the "nodejs_compat" compatibility flag to your project.`)];
  return [
    note(
      `${built}\n- Make sure to prefix the module name with "node:" or update your compatibility_date to 2024-09-23 or later.`,
    ),
  ];
}

function note(text: string): Message["notes"][number] {
  return { text, location: null };
}
