/** Parses the options of a command. For an unknown option the error suggests the nearest one. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { UsageError } from "../assembly/explain.ts";
import { nearest } from "./nearest.ts";

/** Options by what they take: a text, several, or nothing. */
export function parsedAs(
  texts: readonly string[],
  lists: readonly string[],
  flags: readonly string[],
): NonNullable<ParseArgsConfig["options"]> {
  return Object.fromEntries([
    ...texts.map((name) => [name, { type: "string" }]),
    ...lists.map((name) => [name, { type: "string", multiple: true }]),
    ...flags.map((name) => [name, { type: "boolean" }]),
  ]);
}

/** The values of such options, as they were given. */
export type OptionValues<Text extends string, List extends string, Flag extends string> = Readonly<
  Partial<Record<Text, string> & Record<List, string[]> & Record<Flag, boolean>>
>;

/** What `parseArgs` answers for these options. */
export type CommandLine<T extends ParseArgsConfig> = ReturnType<typeof parseArgs<T>>;

/** As `parseArgs`, strictly. Throws a `UsageError`, or what `parseArgs` throws. */
export function commandLine<const T extends ParseArgsConfig>(config: T): CommandLine<T> {
  const { options = {}, args = [] } = config;
  const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== "option" || isOption(token.name, config)) continue;
    const meant = nearest(token.name, Object.keys(options));
    const advice = meant === undefined ? "--help lists the options" : `did you mean --${meant}?`;
    throw new UsageError(`Unknown option '${token.rawName}'; ${advice}`);
  }
  return parseArgs(config);
}

function isOption(name: string, { options = {}, allowNegative = false }: ParseArgsConfig): boolean {
  if (Object.hasOwn(options, name)) return true;
  return allowNegative && name.startsWith("no-") && options[name.slice("no-".length)]?.type === "boolean";
}
