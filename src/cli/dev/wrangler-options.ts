/**
 * The options of `wrangler dev` besides those that mean the same here: some are accepted and change nothing, some are answered
 * by a line at the start, and some are refused with what to do instead. None is unknown.
 */
import type { ParseArgsConfig } from "node:util";
import { UsageError } from "../../assembly/explain.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** What becomes of an option. */
type Meaning =
  /** It asks for what happens anyway, or is about wrangler itself. */
  | { readonly does: "nothing" }
  | { readonly does: "note"; readonly note: string }
  | { readonly does: "refuse"; readonly instead: string };

interface Known {
  readonly type: "boolean" | "string";
  readonly short?: string;
  readonly meaning: Meaning;
}

const NOTHING: Meaning = { does: "nothing" };
const note = (text: string): Meaning => ({ does: "note", note: text });
const refuse = (instead: string): Meaning => ({ does: "refuse", instead });

const TUNNEL = refuse("run a tunnel beside it: cloudflared tunnel --url http://localhost:8787");
const REMOTE = "stepwell dev runs everything on this machine, including bindings; omit this option";

const KNOWN: Readonly<Record<string, Known>> = {
  local: { type: "boolean", short: "l", meaning: NOTHING },
  latest: { type: "boolean", meaning: NOTHING },
  "test-scheduled": { type: "boolean", meaning: NOTHING },
  "install-skills": { type: "boolean", meaning: NOTHING },
  profile: { type: "string", meaning: NOTHING },
  "live-reload": { type: "boolean", meaning: note("live reload is not supported; reload pages in the browser") },
  types: { type: "boolean", meaning: note("run `wrangler types`, which needs no server") },
  remote: { type: "boolean", short: "r", meaning: refuse(REMOTE) },
  tunnel: { type: "boolean", meaning: TUNNEL },
  "tunnel-name": { type: "string", meaning: TUNNEL },
  "tunnel-allowed-mail": { type: "string", meaning: TUNNEL },
};

/** As `parseArgs` takes them. Those of strings may be given several times. */
export const WRANGLER_OPTIONS: Options = Object.fromEntries(
  Object.entries(KNOWN).map(([name, { type, short }]) => [
    name,
    { type, ...(type === "string" && { multiple: true }), ...(short !== undefined && { short }) },
  ]),
);

/** What there is to say of those that were given. Throws a `UsageError` for those that cannot be had. */
export function notesOnOptions(values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const meaning = Object.hasOwn(KNOWN, name) ? KNOWN[name]?.meaning : undefined;
    if (meaning === undefined || value === false || meaning.does === "nothing") return [];
    if (meaning.does === "refuse") throw new UsageError(`--${name}: ${meaning.instead}`);
    return [`--${name}: ${meaning.note}`];
  });
}

/** wrangler's levels, in ours. */
const LEVELS: Readonly<Record<string, "debug" | "info" | "warn">> = {
  debug: "debug",
  info: "info",
  log: "info",
  warn: "warn",
  error: "warn",
  none: "warn",
};

/** What `--log-level` means. Throws a `UsageError`. */
export function logLevelOf(text: string): "debug" | "info" | "warn" {
  const level = Object.hasOwn(LEVELS, text) ? LEVELS[text] : undefined;
  if (level !== undefined) return level;
  throw new UsageError(`--log-level is debug, info, log, warn, error or none, not "${text}"`);
}

/**
 * Arguments as wrangler's parser takes them: a flag may have `=true` or `=false`, and an option that takes several values may be
 * followed by all of them.
 */
export function asParsed(args: readonly string[], options: Options): string[] {
  const parsed: string[] = [];
  let list: string | undefined;
  for (const arg of args) {
    const [, name = "", value] = /^--([\w-]+)(?:=(.*))?$/s.exec(arg) ?? [];
    if (name !== "") {
      list = LISTS.has(name) && value === undefined ? name : undefined;
      const isFlag = options[name]?.type === "boolean" && (value === "true" || value === "false");
      parsed.push(isFlag ? `--${value === "true" ? "" : "no-"}${name}` : arg);
    } else if (list !== undefined && parsed.at(-1) !== `--${list}` && FURTHER.test(arg)) parsed.push(`--${list}`, arg);
    else parsed.push(arg);
  }
  return parsed;
}

const LISTS = new Set(["var", "define", "alias"]);
/** `NAME:VALUE`; a folder to run has no colon. */
const FURTHER = /^[^-/.\\][^/\\]*:/;
