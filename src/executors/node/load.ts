/**
 * Loads a script's modules from memory. `cloudflare:*` imports lead to the very modules that the runtime uses, so that
 * `instanceof NonRetryableError` means the same on both sides; `node:*` imports lead to Node's; there are no others.
 */
import { isBuiltin, registerHooks, stripTypeScriptTypes } from "node:module";
import type { ScriptCode } from "./messages.ts";
import { loadable, moduleUrl, ROOT } from "./modules.ts";
import { siblingUrl } from "./sibling.ts";

/** What `import * as` of the script gives. */
export type ScriptExports = Readonly<Record<string, unknown>>;

const SHIMS: Readonly<Record<string, string>> = {
  "cloudflare:email": "../../runtime/cloudflare/email",
  "cloudflare:workers": "../../runtime/cloudflare/workers",
  "cloudflare:workflows": "../../runtime/cloudflare/workflows",
};

/** Loads the script and runs its top level. Rejects with whatever that throws. Once a thread. */
export async function loadScript(code: ScriptCode): Promise<ScriptExports> {
  const { mainUrl, sources } = loadable(code);
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier === mainUrl) return { url: mainUrl, format: "module", shortCircuit: true };
      if (context.parentURL?.startsWith(ROOT) !== true || isBuiltin(specifier)) return next(specifier, context);
      const shim = SHIMS[specifier];
      if (shim !== undefined) return { url: siblingUrl(shim).href, shortCircuit: true };
      const url = [moduleUrl(specifier, context.parentURL), moduleUrl(specifier)].find((each) => sources.has(each));
      if (url !== undefined) return { url, format: "module", shortCircuit: true };
      throw new Error(`Cannot import "${specifier}": it is not in the bundle, and not a module of this runtime`);
    },
    load: (url, context, next) => {
      const source = sources.get(url);
      return source === undefined ? next(url, context) : { source, format: "module", shortCircuit: true };
    },
  });
  return (await import(mainUrl)) as ScriptExports;
}

/** The error and its stack, as far as it is about the script. */
export function describeLoadError(error: unknown, { code, mainModule = "index.js" }: ScriptCode): string {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? "";
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line) && line.includes(ROOT));
  const position = frames.length > 0 ? undefined : (stackPosition(stack) ?? syntaxPosition(error, code, mainModule));
  const report = [`${error.name}: ${error.message}`, ...frames, ...(position === undefined ? [] : [`    at ${position}`])];
  return report.join("\n").replaceAll(ROOT, "");
}

/** The first place in the script that a stack names, outside of its frames. */
function stackPosition(stack: string): string | undefined {
  const from = stack.indexOf(ROOT);
  return from < 0 ? undefined : /^[^\s()]+:\d+/.exec(stack.slice(from + ROOT.length))?.[0];
}

/** V8 knows where a module's syntax is wrong but does not tell the program; the type stripper, which parses it too, does. */
function syntaxPosition(error: Error, code: string, name: string): string | undefined {
  if (!(error instanceof SyntaxError)) return undefined;
  try {
    stripTypeScriptTypes(code);
    return undefined;
  } catch (cause) {
    const [where, ...excerpt] = (cause instanceof Error ? (cause.stack ?? "") : "").split("\n");
    const line = /^:(\d+)$/.exec(where ?? "")?.[1];
    const caret = excerpt.find((text) => /^\s*\^+\s*$/.test(text));
    if (line === undefined) return undefined;
    return caret === undefined ? `${name}:${line}` : `${name}:${line}:${caret.indexOf("^") + 1}`;
  }
}
