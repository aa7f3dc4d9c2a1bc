/** A binding that Cloudflare has and stepwell has not: it is in `env`, and using it throws an error that says so. */
import { z } from "zod";
import type { Binding, BindingTypes } from "../../ports/catalog/bindings.ts";
import type { Configuration, Kind, Named } from "../kind.ts";
import { UNSUPPORTED_KINDS } from "./kinds.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    unsupported: {
      /** What Cloudflare calls it, like `Workers AI`. */
      readonly kind: string;
      /** As it was uploaded, with its name and type, but without secrets; clients are given it back. */
      readonly sent?: Readonly<Record<string, unknown>>;
    };
  }
}

/** Fields that hold the secret of a key: they are not kept. */
const KEYS: ReadonlySet<string> = new Set(["key_base64", "key_jwk"]);

export const unsupported: Kind<"unsupported"> = {
  upload: () => z.looseObject({ name: z.string(), type: z.string() }).transform(kept),
  show: ({ sent, kind }) => ({ ...sent, unsupported: kind }),
  describe: ({ kind }) => ({ what: kind, works: false }),
  configured: (config) => {
    const byKey = Object.entries(UNSUPPORTED_KINDS).flatMap(([type, { key }]) =>
      key === undefined ? [] : namesIn(config[key as keyof Configuration]).map((name) => configured({ name, type })),
    );
    const logs = config.logfwdr.bindings.map(({ name }) => configured({ name, type: "logfwdr" }));
    const unsafe = (config.unsafe.bindings ?? []).map(({ name, type }) => configured({ name, type }));
    return [...byKey, ...logs, ...unsafe];
  },
  provide: ({ kind }) => ({ is: "made", of: kind }),
};

/** One sentence that names all such bindings; undefined when there are none. */
export function unsupportedRemark(bindings: readonly Binding[]): string | undefined {
  const named = bindings.flatMap((each) => (each.type === "unsupported" ? [`${each.name} (${each.kind})`] : []));
  if (named.length === 0) return undefined;
  return `Unsupported bindings, which throw an error when used: ${named.join(", ")}`;
}

function kept(sent: { readonly type: string }): BindingTypes["unsupported"] {
  const { type } = sent;
  const kind = Object.hasOwn(UNSUPPORTED_KINDS, type) ? UNSUPPORTED_KINDS[type]?.title : undefined;
  return { kind: kind ?? type, sent: Object.fromEntries(Object.entries(sent).filter(([field]) => !KEYS.has(field))) };
}

function configured(each: { readonly name: string; readonly type: string }): Named<"unsupported"> {
  return { name: each.name, ...kept(each) };
}

/** A list of bindings, a single one, or modules by name. */
function namesIn(part: unknown): string[] {
  if (typeof part !== "object" || part === null) return [];
  if (Array.isArray(part)) return part.flatMap((each: unknown) => nameOf(each));
  const single = nameOf(part);
  return single.length > 0 ? single : Object.keys(part);
}

function nameOf(entry: unknown): string[] {
  if (typeof entry !== "object" || entry === null) return [];
  const { binding, name } = entry as { readonly binding?: unknown; readonly name?: unknown };
  const found = binding ?? name;
  return typeof found === "string" ? [found] : [];
}
