/** The command line: finds the command, and turns errors into one line that says what to do. */
import { help, isCommandName, type CommandName } from "./help.ts";
import { explain, UsageError } from "../assembly/explain.ts";
import { nearest } from "./nearest.ts";
import { version } from "./version.ts";

type Command = (args: readonly string[]) => Promise<void>;

/** Loaded when asked for: who wants help need not wait for a server. */
const COMMANDS: Readonly<Record<CommandName, () => Promise<Command>>> = {
  check: async () => (await import("./commands/check.ts")).check,
  deploy: async () => (await import("./commands/deploy.ts")).deploy,
  dev: async () => (await import("./dev/dev.ts")).dev,
  logs: async () => (await import("./commands/logs.ts")).logs,
  serve: async () => (await import("./commands/serve.ts")).serve,
  token: async () => (await import("./commands/token.ts")).token,
  user: async () => (await import("./commands/user.ts")).user,
};

/** How long a command that is over may keep the process, in milliseconds: for what it leaves behind by mistake. */
const LINGER_MS = 5_000;

/** Does what a command line says. Never rejects: what goes wrong is printed, and the exit code says so. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await dispatch(args);
  } catch (cause) {
    process.stderr.write(`stepwell: ${explain(cause)}\n`);
    process.exitCode = 1;
  }
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

async function dispatch([first, ...rest]: readonly string[]): Promise<void> {
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    const [about] = rest;
    process.stdout.write(help(about !== undefined && isCommandName(about) ? about : undefined));
  } else if (first === "--version" || first === "-v" || first === "version") {
    process.stdout.write(`${version()}\n`);
  } else if (!isCommandName(first)) {
    const meant = nearest(first, Object.keys(COMMANDS));
    const advice = meant === undefined ? "stepwell --help lists the commands" : `did you mean stepwell ${meant}?`;
    throw new UsageError(`Unknown command "${first}"; ${advice}`);
  } else if (rest.includes("--help") || rest.includes("-h")) {
    process.stdout.write(help(first));
  } else {
    const command = await COMMANDS[first]();
    await command(rest);
  }
}
