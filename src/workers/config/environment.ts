/**
 * Variables and secrets of a project on this machine, with the precedence that `wrangler dev` gives them: `.dev.vars.<env>` or
 * `.dev.vars`; without either, `.env` and its variants, later ones over earlier ones. Values are never shown or logged.
 */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { ProjectError } from "./project-error.ts";

type Texts = Readonly<Record<string, string>>;

export interface LocalEnvironment {
  readonly secrets: Texts;
  /** Files that count or would count, there or not; absolute. */
  readonly inputs: readonly string[];
  /** The files that the secrets come from, by name. */
  readonly from: readonly string[];
  /** Required secrets that are not there. */
  readonly missing: readonly string[];
}

export interface EnvironmentOptions {
  /** The environment that was chosen. */
  readonly env: string | undefined;
  /** `secrets.required` of the configuration: then nothing else becomes a secret, but for what replaces a variable. */
  readonly required: readonly string[] | undefined;
  /** Names of the configuration's `vars`. */
  readonly vars: readonly string[];
  /** Files to read instead of those beside the configuration, absolute. */
  readonly files?: readonly string[] | undefined;
  /** The environment of the process. */
  readonly processEnv: Readonly<Record<string, string | undefined>>;
}

/** Reads them from beside the configuration. */
export async function readEnvironment(folder: string, options: EnvironmentOptions): Promise<LocalEnvironment> {
  const { env, required, vars, files } = options;
  const devVars = files !== undefined ? [] : [...(env === undefined ? [] : [`.dev.vars.${env}`]), ".dev.vars"];
  const dotEnv = files ?? [".env", ".env.local", ...(env === undefined ? [] : [`.env.${env}`, `.env.${env}.local`])];
  const inputs = [...devVars, ...dotEnv].map((name) => resolve(folder, name));
  const { found, from } = (await firstOf(folder, devVars)) ?? (await dotEnvOf(folder, dotEnv, options));
  const isWanted = (name: string): boolean => required === undefined || required.includes(name) || vars.includes(name);
  const secrets = Object.fromEntries(Object.entries(found).filter(([name]) => isWanted(name)));
  const missing = (required ?? []).filter((name) => !Object.hasOwn(secrets, name));
  return { secrets, inputs, from, missing };
}

interface Found {
  readonly found: Texts;
  readonly from: readonly string[];
}

async function firstOf(folder: string, names: readonly string[]): Promise<Found | undefined> {
  for (const name of names) {
    const found = await parsed(resolve(folder, name));
    if (found !== undefined) return { found, from: [name] };
  }
  return undefined;
}

async function dotEnvOf(folder: string, names: readonly string[], options: EnvironmentOptions): Promise<Found> {
  const { processEnv, required } = options;
  if (processEnv["CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV"] === "false") return { found: {}, from: [] };
  const files: { readonly name: string; readonly texts: Texts }[] = [];
  for (const name of names) {
    const texts = await parsed(resolve(folder, name));
    if (texts !== undefined) files.push({ name, texts });
  }
  const all = Object.fromEntries(files.flatMap(({ texts }) => Object.entries(texts)));
  const withProcess = required !== undefined || processEnv["CLOUDFLARE_INCLUDE_PROCESS_ENV"] === "true";
  const given = withProcess ? definedIn(processEnv) : {};
  return { found: { ...given, ...expanded(all, given) }, from: files.map(({ name }) => name) };
}

async function parsed(file: string): Promise<Texts | undefined> {
  try {
    const text = await readFile(file, "utf8");
    return inOrder(text, definedIn(parseEnv(text)));
  } catch (cause) {
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new ProjectError(`${file} cannot be read: ${code}`, { cause });
  }
}

/** A name at the beginning of a line. */
const NAMED = /^[ \t]*(?:export[ \t]+)?([^\s=#]+)[ \t]*=/gm;

/** Node sorts them by name; a value refers to those that stand before it. */
function inOrder(text: string, texts: Texts): Texts {
  const places = new Map<string, number>();
  for (const [, name = ""] of text.matchAll(NAMED)) if (!places.has(name)) places.set(name, places.size);
  const placeOf = (name: string): number => places.get(name) ?? places.size;
  return Object.fromEntries(Object.entries(texts).sort(([a], [b]) => placeOf(a) - placeOf(b)));
}

function definedIn(texts: Readonly<Record<string, string | undefined>>): Texts {
  return Object.fromEntries(Object.entries(texts).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])));
}

/** `$NAME`, `${NAME}`, `${NAME:-otherwise}` and `${NAME:+instead}` in values stand for earlier ones; `\$` is a dollar sign. */
const REFERENCE = /\\\$|\$\{([^{}:+-]+)(?:(:?[+-])([^{}]*))?\}|\$([A-Za-z_]\w*)/g;

/** Characters that references may make of one value: each may stand for several others, which stand for several. */
const MOST_EXPANDED = 1024 * 1024;

/** What stands in `given` goes before what the files say, as with dotenv. */
function expanded(texts: Texts, given: Texts): Texts {
  const before = new Map(Object.entries(given));
  const known = new Map<string, string>();
  for (const [name, text] of Object.entries(texts)) {
    let left = MOST_EXPANDED;
    const expand = (whole: string, braced?: string, operator?: string, otherwise = "", bare?: string): string => {
      if (whole === "\\$") return "$";
      const key = braced ?? bare ?? "";
      const value = before.get(key) ?? known.get(key) ?? "";
      const isOther = (value === "") !== (operator?.endsWith("+") === true);
      const chosen = isOther ? otherwise : operator?.endsWith("+") === true ? "" : value;
      left -= chosen.length;
      if (left < 0) throw new ProjectError(`${name} in .env has more than ${MOST_EXPANDED} characters with what it refers to`);
      return chosen;
    };
    known.set(name, before.get(name) ?? text.replaceAll(REFERENCE, expand));
  }
  return Object.fromEntries(known);
}
