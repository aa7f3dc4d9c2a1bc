/**
 * Variables and secrets of a project on this machine, with the precedence that `wrangler dev` gives them: `.dev.vars.<env>` or
 * `.dev.vars`; without either, `.env` and its variants, later ones over earlier ones. Values are never shown or logged.
 */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseEnv } from "node:util";

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
  const all = Object.assign({}, ...files.map(({ texts }) => texts)) as Texts;
  const withProcess = required !== undefined || processEnv["CLOUDFLARE_INCLUDE_PROCESS_ENV"] === "true";
  const given = withProcess ? definedIn(processEnv) : {};
  return { found: { ...given, ...expanded(all, given) }, from: files.map(({ name }) => name) };
}

async function parsed(file: string): Promise<Texts | undefined> {
  try {
    return definedIn(parseEnv(await readFile(file, "utf8")));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
}

function definedIn(texts: Readonly<Record<string, string | undefined>>): Texts {
  return Object.fromEntries(Object.entries(texts).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])));
}

/** `$NAME`, `${NAME}`, `${NAME:-otherwise}` and `${NAME:+instead}` in values stand for earlier ones; `\$` is a dollar sign. */
const REFERENCE = /\\\$|\$\{([^{}:+-]+)(?:(:?[+-])([^{}]*))?\}|\$([A-Za-z_]\w*)/g;

/** What stands in `given` goes before what the files say, as with dotenv. */
function expanded(texts: Texts, given: Texts): Texts {
  const known: Record<string, string> = {};
  for (const [name, text] of Object.entries(texts)) {
    const look = (key: string): string => given[key] ?? known[key] ?? "";
    known[name] =
      given[name] ??
      text.replaceAll(REFERENCE, (whole, braced?: string, operator?: string, otherwise = "", bare?: string) => {
        if (whole === "\\$") return "$";
        const value = look(braced ?? bare ?? "");
        if (operator?.endsWith("+")) return value === "" ? "" : otherwise;
        return value === "" ? otherwise : value;
      });
  }
  return known;
}
