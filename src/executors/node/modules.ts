/** The modules of a script as Node loads them: what is no code is wrapped in a module whose default export it is. */
import type { ScriptModule } from "../../ports/catalog/script-versions.ts";
import type { ScriptCode } from "./messages.ts";

/** A scheme of its own, so that stacks show what is the user's, and that no path on this machine stands in them. */
export const ROOT = "stepwell:///";

/** What the main module is called unless the upload says otherwise. */
const MAIN = "index.js";

export interface LoadableScript {
  readonly mainUrl: string;
  /** By URL. */
  readonly sources: ReadonlyMap<string, string>;
}

/** All modules of a script, by URL below `ROOT`. */
export function loadable({ code, mainModule = MAIN, modules = [] }: ScriptCode): LoadableScript {
  const mainUrl = moduleUrl(mainModule);
  const sources = new Map(modules.map((module) => [moduleUrl(module.name), sourceOf(module)]));
  return { mainUrl, sources: sources.set(mainUrl, code) };
}

/** The URL of a module, which imports are relative to. A name may look like a path that leads out; it never does. */
export function moduleUrl(specifier: string, importer: string = ROOT): string {
  return new URL(specifier, importer).href;
}

function sourceOf({ type, content }: ScriptModule): string {
  const bytes = `Buffer.from("${content}", "base64")`;
  switch (type) {
    case "esm":
      return content;
    case "cjs":
      return `const module = { exports: {} };\n((module, exports) => {${content}\n})(module, module.exports);\nexport default module.exports;`;
    case "text":
      return `export default ${JSON.stringify(content)};`;
    case "json":
      return `export default JSON.parse(${JSON.stringify(content)});`;
    case "data":
      return `import { Buffer } from "node:buffer"; export default Uint8Array.from(${bytes}).buffer;`;
    case "wasm":
      return `import { Buffer } from "node:buffer"; export default new WebAssembly.Module(${bytes});`;
  }
}
