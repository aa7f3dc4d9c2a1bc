/** Modules in the forms that workerd's worker loader takes them in. */
import type { SentModule } from "../../messages.ts";

/** workerd has this, and Node 24 has not. */
declare const Uint8Array: { fromBase64(text: string): { readonly buffer: ArrayBuffer } };

type ModuleForm =
  | { readonly js: string }
  | { readonly cjs: string }
  | { readonly text: string }
  | { readonly json: unknown }
  | { readonly data: ArrayBuffer }
  | { readonly wasm: ArrayBuffer };

/** All modules of a script, by name. */
export function moduleForms(modules: Readonly<Record<string, SentModule>>): Readonly<Record<string, ModuleForm>> {
  return Object.fromEntries(Object.entries(modules).map(([name, module]) => [name, moduleForm(module)]));
}

function moduleForm({ type, content }: SentModule): ModuleForm {
  switch (type) {
    case "esm":
      return { js: content };
    case "cjs":
      return { cjs: content };
    case "text":
      return { text: content };
    case "json":
      return { json: JSON.parse(content) as unknown };
    case "data":
      return { data: Uint8Array.fromBase64(content).buffer };
    case "wasm":
      return { wasm: Uint8Array.fromBase64(content).buffer };
  }
}
