/**
 * Loads a script's one module from memory. `cloudflare:*` imports lead to the very modules that the runtime uses, so that
 * `instanceof NonRetryableError` means the same on both sides; `node:*` imports lead to Node's; there are no others.
 */
import { isBuiltin, registerHooks, setSourceMapsSupport, stripTypeScriptTypes } from "node:module";
import { siblingUrl } from "./sibling.ts";

/** What `import * as` of the script gives. */
export type ScriptExports = Readonly<Record<string, unknown>>;

/** A scheme of its own, so that stacks show what is the user's, and that no path on this machine stands in them. */
const ROOT = "stepwell:///";
const SCRIPT_URL = `${ROOT}index.js`;

const SHIMS: Readonly<Record<string, string>> = {
  "cloudflare:workers": "../../runtime/cloudflare-workers",
  "cloudflare:workflows": "../../runtime/cloudflare-workflows",
};

/** Loads the script and runs its top level. Rejects with whatever that throws. Once a thread. */
export async function loadScript(code: string, sourceMap: string | undefined): Promise<ScriptExports> {
  setSourceMapsSupport(true);
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier === SCRIPT_URL) return { url: SCRIPT_URL, format: "module", shortCircuit: true };
      if (context.parentURL !== SCRIPT_URL || isBuiltin(specifier)) return next(specifier, context);
      const shim = SHIMS[specifier];
      if (shim === undefined)
        throw new Error(`Cannot import "${specifier}": it is not in the bundle, and not a module of this runtime`);
      return { url: siblingUrl(shim).href, shortCircuit: true };
    },
    load: (url, context, next) => {
      if (url !== SCRIPT_URL) return next(url, context);
      return { source: code + sourceMapComment(sourceMap), format: "module", shortCircuit: true };
    },
  });
  return (await import(SCRIPT_URL)) as ScriptExports;
}

function sourceMapComment(sourceMap: string | undefined): string {
  if (sourceMap === undefined) return "";
  return `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(sourceMap).toString("base64")}`;
}

/** The first line of what went wrong, and where: `TypeError: x is not a function (index.js:3:14)`. */
export function describeLoadError(error: unknown, code: string): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const [firstLine = ""] = text.split("\n");
  const position = error instanceof Error ? (stackPosition(error.stack ?? "") ?? syntaxPosition(error, code)) : undefined;
  return position === undefined ? firstLine : `${firstLine} (${position})`;
}

/** The first place in the script, or in one of its sources, that a stack names. */
function stackPosition(stack: string): string | undefined {
  const from = stack.indexOf(ROOT);
  return from < 0 ? undefined : /^[^\s()]+:\d+/.exec(stack.slice(from + ROOT.length))?.[0];
}

/** V8 knows where a module's syntax is wrong but does not tell the program; the type stripper, which parses it too, does. */
function syntaxPosition(error: Error, code: string): string | undefined {
  if (!(error instanceof SyntaxError)) return undefined;
  try {
    stripTypeScriptTypes(code);
    return undefined;
  } catch (cause) {
    const [where, ...excerpt] = (cause instanceof Error ? (cause.stack ?? "") : "").split("\n");
    const line = /^:(\d+)$/.exec(where ?? "")?.[1];
    const caret = excerpt.find((text) => /^\s*\^+\s*$/.test(text));
    if (line === undefined) return undefined;
    return caret === undefined ? `index.js:${line}` : `index.js:${line}:${caret.indexOf("^") + 1}`;
  }
}
