/** The command lines of the commands that compare stepwell with Cloudflare: read, explained with `--help`, or refused. */
import { parseArgs, type ParseArgsConfig } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>["values"];

/** Prints `usage` and ends with 0 for `--help`; ends with 2, and says why, for what the options do not have. */
export function readCommandLine<const T extends Options>(command: string, usage: string, options: T): Values<T> {
  if (process.argv.slice(2).some((each) => each === "--help" || each === "-h")) {
    process.stdout.write(usage);
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (cause) {
    return refuse(command, (cause as Error).message);
  }
}

/** Ends with 2, with nothing compared. */
export function refuse(command: string, why: string): never {
  process.stderr.write(`${why}\n${command} -- --help lists the options.\n`);
  process.exit(2);
}
