/** Explains an error in one line that says what to do. */
import { Failure, failureKind } from "../model/failures/failure.ts";
import { StoreError, storeFailure } from "../model/failures/store-error.ts";
import { ProjectError } from "../workers/config/project-error.ts";

/** Misuse of the command line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** One line for an error. Unexpected errors keep their stack, for bug reports. */
export function explain(cause: unknown): string {
  if (cause instanceof Failure) return explainFailure(cause);
  if (cause instanceof StoreError) return `${explainFailure(storeFailure(cause))} (${oneLine(cause.message)})`;
  if (!(cause instanceof Error)) return String(cause);
  if (cause instanceof UsageError) return oneLine(cause.message);
  // Several problems, or the code around one, as wrangler and esbuild show them.
  if (cause instanceof ProjectError) return cause.message;
  if (codeOf(cause)?.startsWith("ERR_PARSE_ARGS")) return `${misused(cause.message)}; --help lists the options`;
  return cause.stack ?? cause.message;
}

/** Why a server cannot listen; undefined for errors that have another reason. */
export function explainListening(cause: unknown, host: string, port: number, option = "--port"): UsageError | undefined {
  switch (codeOf(cause)) {
    case "EADDRINUSE":
      return new UsageError(
        `Port ${port} of ${host} is in use: stop the process that uses it, or choose another port with ${option}`,
      );
    case "EACCES":
      return new UsageError(`Port ${port} of ${host} is not permitted: choose one above 1023 with ${option}`);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new UsageError(`This machine has no address ${host}: choose another with --host (dev: --ip)`);
    default:
      return undefined;
  }
}

function explainFailure({ failure, field, detail }: Failure): string {
  const { sentence, hint } = failureKind(failure);
  const where = field === undefined ? "" : `${field}: `;
  const what = `${where}${detail ?? sentence}`.replace(/\.$/, "");
  return oneLine(hint === undefined ? what : `${what}. ${hint}`);
}

/** What Node's parser says of the options, without its advice about arguments that begin with a dash: no command takes one. */
function misused(message: string): string {
  return oneLine(message)
    .replace(/\. To specify .*$/, "")
    .replace(/\.$/, "");
}

function codeOf(cause: unknown): string | undefined {
  const { code } = cause as NodeJS.ErrnoException;
  return typeof code === "string" ? code : undefined;
}

function oneLine(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join(" ");
}
