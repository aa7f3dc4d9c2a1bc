/** An upload as the SDK and Terraform send it: one JSON document with the modules in base64. It becomes the form that wrangler sends. */
import { z } from "zod";
import { LIMITS } from "../../model/limits.ts";
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";

/** Files about static assets, which the form has among the metadata. */
const ABOUT_ASSETS: ReadonlySet<string> = new Set(["_headers", "_redirects"]);

const module = z.object({ name: z.string().min(1), content_type: z.string(), content_base64: z.base64() });

/** How many there are is looked at before what they are. */
const distinctModules = z
  .array(z.unknown())
  .max(LIMITS.uploadModules + ABOUT_ASSETS.size)
  .pipe(z.array(module))
  .superRefine((modules, context) => {
    const names = new Set<string>();
    for (const [i, { name }] of modules.entries()) {
      if (names.has(name))
        context.addIssue({ code: "custom", path: [i, "name"], message: `The module name "${name}" is used twice` });
      names.add(name);
    }
  });

const upload = z.looseObject({ modules: distinctModules.nullish().transform((modules) => modules ?? []) });

type JsonUpload = z.output<typeof upload>;

/** The document: modules, and metadata. What the latter may be is the business of the form. */
export const jsonUpload: z.ZodType<JsonUpload> = upload;

/** The form. Fields that are null are left out: Terraform sends them for what is not configured. */
export function formOf({ modules, ...sent }: JsonUpload): FormData {
  const form = new FormData();
  const metadata = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== null));
  const about = modules.filter(({ name }) => ABOUT_ASSETS.has(name));
  const { assets } = metadata;
  if (typeof assets === "object" && assets !== null && about.length > 0) {
    const config = "config" in assets ? (assets.config as object | null) : null;
    const files = about.map(({ name, content_base64: bytes }) => [name, Buffer.from(bytes, "base64").toString()]);
    metadata["assets"] = { ...assets, config: { ...config, ...Object.fromEntries(files) } };
  }
  form.set("metadata", JSON.stringify(metadata));
  for (const { name, content_type: type, content_base64: bytes } of modules)
    if (!ABOUT_ASSETS.has(name)) form.append(name, new File([Buffer.from(bytes, "base64")], name, { type }));
  return form;
}

/** How a module is stored, as a type of content. */
const TYPES = {
  esm: "application/javascript+module",
  cjs: "application/javascript",
  text: "text/plain",
  json: "application/json",
  data: "application/octet-stream",
  wasm: "application/wasm",
} as const;

type Code = Pick<ScriptVersion, "code" | "sourceMap" | "mainModule" | "modules">;

/** The modules of a version, as they were sent. */
export function modulesOf({ code, sourceMap, mainModule = "index.js", modules = [] }: Code): JsonUpload["modules"] {
  const text = (name: string, type: string, content: string): JsonUpload["modules"][number] => ({
    name,
    content_type: type,
    content_base64: Buffer.from(content).toString("base64"),
  });
  return [
    text(mainModule, TYPES.esm, code),
    ...modules.map(({ name, type, content }) =>
      type === "data" || type === "wasm"
        ? { name, content_type: TYPES[type], content_base64: content }
        : text(name, TYPES[type], content),
    ),
    ...(sourceMap === undefined ? [] : [text(`${mainModule}.map`, "application/source-map", sourceMap)]),
  ];
}
