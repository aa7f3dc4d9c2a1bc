/**
 * An upload as wrangler sends it: a multipart body of `metadata`, as JSON, and one part for each module, named for it. This
 * takes it apart and looks at each piece; what it means for what is deployed is `metadata.ts`.
 */
import { z } from "zod";
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import { isDeeper } from "../../model/values/depth.ts";
import { illFormedAt } from "../../model/values/well-formed.ts";
import type { ScriptModule, ScriptVersion } from "../../ports/catalog/script-versions.ts";
import { metadata, NO_MAIN, type Metadata } from "./metadata.ts";

/** The code of an upload. */
export type UploadedCode = Required<Pick<ScriptVersion, "code" | "mainModule" | "modules">> & Pick<ScriptVersion, "sourceMap">;

export interface Upload {
  readonly metadata: Metadata;
  readonly code: UploadedCode;
}

/** How modules are stored, by the type of their part. */
const TYPES: Readonly<Record<string, ScriptModule["type"]>> = {
  "application/javascript+module": "esm",
  "text/javascript+module": "esm",
  "application/javascript": "cjs",
  "text/javascript": "cjs",
  "text/plain": "text",
  "application/json": "json",
  "application/octet-stream": "data",
  "application/wasm": "wasm",
};

const NO_ES_MODULE = "CommonJS and service-worker scripts are not supported; the main module must be an ES module";

const SOURCE_MAP = "application/source-map";

/** What is said of types that Cloudflare has and this server does not. */
const REFUSED: Readonly<Record<string, string>> = {
  "text/x-python": "Python Workers are not supported",
  "text/x-python-requirement": "Python Workers are not supported",
};

/**
 * Reads an upload.
 *
 * @throws Failure `body` when it is not as it should be, `script.module_unsupported`, and `script.too_large` when its parts
 * are more than `LIMITS.uploadBytes` or `LIMITS.uploadModules`.
 */
export async function readUpload(parts: FormData): Promise<Upload> {
  const about = await readMetadata(parts.get("metadata"));
  const files = [...parts].flatMap(([name, part]) => (typeof part === "string" || name === "metadata" ? [] : [{ name, part }]));
  checkSize(files.map(({ part }) => part));
  checkNames(files);
  const maps = new Map<string, string>();
  const modules = new Map<string, ScriptModule>();
  for (const { name, part } of files) {
    if (baseType(part) === SOURCE_MAP) maps.set(name, await part.text());
    else modules.set(name, await readModule(name, part));
  }
  const field = "metadata.main_module";
  const hasAssets = about.assets !== undefined || about.keep_assets;
  if (about.main_module === "" && hasAssets) return { metadata: about, code: { mainModule: "index.js", code: "", modules: [] } };
  if (about.main_module === "") throw new Failure("body", { field, detail: NO_MAIN });
  const main = modules.get(about.main_module);
  if (main === undefined) throw new Failure("body", { field, detail: `The upload has no part named "${about.main_module}"` });
  if (main.type !== "esm") throw new Failure("body", { field, detail: NO_ES_MODULE });
  modules.delete(about.main_module);
  const sourceMap = maps.get(`${about.main_module}.map`);
  const code = { mainModule: main.name, code: main.content, modules: [...modules.values()] };
  return { metadata: about, code: { ...code, ...(sourceMap !== undefined && { sourceMap }) } };
}

/** wrangler sends it as a field, other clients as a file. */
async function readMetadata(part: File | string | null): Promise<Metadata> {
  if (part === null) throw new Failure("body", { field: "metadata", detail: "The upload has no part of this name" });
  const text = typeof part === "string" ? part : await part.text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Failure("body", { field: "metadata", detail: `Not valid JSON: ${(cause as Error).message}`, cause });
  }
  if (isDeeper(value, LIMITS.valueDepth))
    throw new Failure("body", { field: "metadata", detail: `Nested deeper than ${LIMITS.valueDepth} levels` });
  const illFormed = illFormedAt(value);
  if (illFormed !== undefined)
    throw new Failure("body", { field: z.core.toDotPath(["metadata", ...illFormed]), detail: "The text is not valid Unicode" });
  const parsed = metadata.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Failure("body", { field: z.core.toDotPath(["metadata", ...(issue?.path ?? [])]), detail: issue?.message ?? "" });
}

function checkSize(files: readonly File[]): void {
  if (files.length > LIMITS.uploadModules)
    throw new Failure("script.too_large", { detail: `${files.length} modules; at most ${LIMITS.uploadModules} are allowed` });
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes > LIMITS.uploadBytes)
    throw new Failure("script.too_large", {
      detail: `The modules have ${bytes} bytes; at most ${LIMITS.uploadBytes} are allowed`,
    });
}

/** One would hide the other. */
function checkNames(files: readonly { readonly name: string }[]): void {
  const names = new Set<string>();
  for (const { name } of files) {
    if (names.has(name)) throw new Failure("body", { field: name, detail: "The upload has two parts of this name" });
    names.add(name);
  }
}

async function readModule(name: string, part: File): Promise<ScriptModule> {
  const type = TYPES[baseType(part)];
  if (type === undefined) {
    const detail = REFUSED[baseType(part)] ?? `Unknown module type "${part.type}"`;
    throw new Failure("script.module_unsupported", { field: name, detail });
  }
  const isBinary = type === "data" || type === "wasm";
  return { name, type, content: isBinary ? Buffer.from(await part.arrayBuffer()).toString("base64") : await part.text() };
}

function baseType({ type }: File): string {
  return (type.split(";", 1)[0] ?? "").trim().toLowerCase();
}
