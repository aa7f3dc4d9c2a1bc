/** What a file and a folder may look like: how long and how full, what they are called, and what ports and constants are. */
import { isTest, type Source } from "./sources.ts";

/** Names that hold anything, and so say nothing. */
const EMPTY_NAMES = /(^|[/.-])(utils?|helpers?|common|misc|managers?|lib)(?=[/.-])/;

export const MAX_LINES = 300;

/** Code that runs beside user code. */
const IN_ISOLATES = /^src\/(runtime|bindings|executors\/workerd\/isolate)\//;

const PROMISE_CONSTRUCTOR = /\b(new|extends)\s+Promise\b/;

/** Lines that are neither blank nor comment: what the linter counts, too. */
const codeLines = (text: string): number =>
  text
    .replaceAll(/^\s*\/\*[\s\S]*?\*\/\s*$/gm, "")
    .split("\n")
    .filter((line) => !/^\s*(\/\/.*)?$/.test(line)).length;

/** Tests may be long. */
const mayBeLong = isTest;

export const tooLong = (files: readonly Source[]): string[] =>
  files.filter(({ path, text }) => !mayBeLong(path) && codeLines(text) > MAX_LINES).map(({ path }) => path);

/** In the isolates of workerd a promise that is made by the constructor may not be settled from another context. */
export const constructsPromises = (files: readonly Source[]): string[] =>
  files
    .filter(({ path, text }) => IN_ISOLATES.test(path) && !isTest(path) && PROMISE_CONSTRUCTOR.test(codeOf(text)))
    .map(({ path }) => path);

/** Without its comments. */
export const codeOf = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");

export const emptyNames = (files: readonly Source[]): string[] =>
  files.map(({ path }) => path).filter((path) => EMPTY_NAMES.test(path.slice("src".length)));

/** Files of a folder, tests included. */
export const MAX_FILES = 16;

/** Folders with too many files. */
export function crowded(files: readonly Source[]): string[] {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > MAX_FILES).map(([folder]) => folder);
}

const MAX_PORT_LINES = 80;

/** Ports are types, and short. */
export const wrongPorts = (files: readonly Source[]): string[] =>
  files.filter(({ path, text }) => path.startsWith("src/ports/") && (isTest(path) || !isPort(text))).map(({ path }) => path);

const isPort = (text: string): boolean =>
  text.trimEnd().split("\n").length <= MAX_PORT_LINES &&
  !/^(?:import (?!type )|(?:export )?(?:const|let|class|(?:async )?function|enum|default)\b)/m.test(codeOf(text));

/** Exported constants have a written type, or are literals or lists `as const`. The linter looks after arrow functions. */
export const untypedConstants = (files: readonly Source[]): string[] =>
  files.flatMap(({ path, text }) =>
    Array.from(text.matchAll(/^export const (\w+) = (?!\(|async \(|<)([\s\S]*?);$/gm))
      .filter(([, , value = ""]) => !/\bas const\b|^\s*(?:[\d_.]+|"[^"]*"|'[^']*')$/.test(value))
      .map(([, name]) => `${path} ${name}`),
  );
