/** The command line: finds the command, and turns what goes wrong into one line that says what to do. */
import { deploy } from "./deploy.ts";
import { dev } from "./dev.ts";
import { help, isCommandName, type CommandName } from "./help.ts";
import { explain, UsageError } from "./explain.ts";
import { serve } from "./serve.ts";
import { token } from "./token.ts";
import { version } from "./version.ts";

const COMMANDS: Readonly<Record<CommandName, (args: readonly string[]) => Promise<void>>> = { deploy, dev, serve, token };

/** Does what a command line says. Never rejects: what goes wrong is printed, and the exit code says so. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await dispatch(args);
  } catch (cause) {
    process.stderr.write(`stepwell: ${explain(cause)}\n`);
    process.exitCode = 1;
  }
}

async function dispatch([first, ...rest]: readonly string[]): Promise<void> {
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    const [about] = rest;
    process.stdout.write(help(about !== undefined && isCommandName(about) ? about : undefined));
  } else if (first === "--version" || first === "-v" || first === "version") {
    process.stdout.write(`${version()}\n`);
  } else if (!isCommandName(first)) {
    throw new UsageError(`There is no command "${first}"; stepwell --help lists them`);
  } else if (rest.includes("--help") || rest.includes("-h")) {
    process.stdout.write(help(first));
  } else {
    await COMMANDS[first](rest);
  }
}
