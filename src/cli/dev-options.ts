/** The command line of `stepwell dev`: a server's options, and those of `wrangler dev` that mean the same here. */
import { resolve } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import type { ProjectOptions } from "../scripts/config/project.ts";
import { UsageError } from "./explain.ts";
import { SERVER_OPTIONS, serverOptions, type ServerOptions, type ServerValues } from "./options.ts";

export interface DevOptions {
  readonly server: ServerOptions;
  readonly project: ProjectOptions;
  /** Where the project is looked for. */
  readonly folder: string;
  /** What the project's configuration may decide: true when the command line does not. */
  readonly isFree: { readonly host: boolean; readonly port: boolean };
}

const OPTIONS = {
  ...SERVER_OPTIONS,
  config: { type: "string", short: "c" },
  env: { type: "string", short: "e" },
  var: { type: "string", multiple: true },
  define: { type: "string", multiple: true },
  alias: { type: "string", multiple: true },
  ip: { type: "string" },
  "persist-to": { type: "string" },
  minify: { type: "boolean" },
  tsconfig: { type: "string" },
  "compatibility-date": { type: "string" },
  "compatibility-flags": { type: "string", multiple: true },
  "compatibility-flag": { type: "string", multiple: true },
} satisfies ParseArgsConfig["options"];

/** Values as they were given. */
type DevValues = ServerValues &
  Partial<Record<"config" | "env" | "ip" | "persist-to" | "tsconfig" | "compatibility-date", string>> &
  Partial<Record<"var" | "define" | "alias" | "compatibility-flags" | "compatibility-flag", string[]>> & { minify?: boolean };

/** Reads it. Throws a `UsageError`, or what `parseArgs` throws. */
export function readDevOptions(args: readonly string[]): DevOptions {
  const { values: given, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const values = given as DevValues;
  const [folder = ".", ...more] = positionals;
  if (more.length > 0) throw new UsageError(`stepwell dev takes one folder, not ${more.length + 1}`);
  const host = values.host ?? values.ip;
  const data = values.data ?? values["persist-to"];
  const server = serverOptions(
    { ...values, ...(host !== undefined && { host }), ...(data !== undefined && { data }) },
    positionals,
  );
  const { config, env, minify, tsconfig } = values;
  const date = values["compatibility-date"];
  const flags = values["compatibility-flags"] ?? values["compatibility-flag"];
  return {
    server,
    folder: resolve(folder),
    isFree: { host: host === undefined, port: values.port === undefined },
    project: {
      ...(config !== undefined && { file: resolve(config) }),
      ...(env !== undefined && { env }),
      vars: pairs("--var", values.var),
      define: pairs("--define", values.define),
      alias: pairs("--alias", values.alias),
      ...(minify !== undefined && { minify }),
      ...(tsconfig !== undefined && { tsconfig: resolve(tsconfig) }),
      ...(date !== undefined && { compatibilityDate: date }),
      ...(flags !== undefined && { compatibilityFlags: flags }),
    },
  };
}

/** `NAME:VALUE`, as wrangler has it; a value may have colons of its own. */
function pairs(option: string, given: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf(":");
      if (at <= 0) throw new UsageError(`${option} takes NAME:VALUE, not "${text}"`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
