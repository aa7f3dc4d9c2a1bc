/** What the routes of scripts have in common: how scripts and versions are found, made and shown, in Cloudflare's words. */
import { z } from "zod";
import { kindOf } from "../../../bindings/kinds.ts";
import { Failure } from "../../../model/failures/failure.ts";
import { iso } from "../../../model/time/calendar.ts";
import type { Binding } from "../../../ports/catalog/bindings.ts";
import type { Annotations, ScriptVersion, ScriptVersionInfo } from "../../../ports/catalog/script-versions.ts";
import { authorOf, unsigned } from "./author.ts";

/** The path of one script. */
export const SCRIPT = "/accounts/{account_id}/workers/scripts/{script_name}";

/** Whatever a client may read in an answer that it mostly ignores. */
export const anything: z.ZodType = z.looseObject({});

export const annotations: z.ZodType<Annotations> = z
  .record(z.string(), z.string().nullish())
  .nullish()
  .transform((given) =>
    Object.fromEntries(Object.entries(given ?? {}).filter((each): each is [string, string] => each[1] != null)),
  );

/** Settings that all versions of a script share. They are given back as they came, and change nothing here. */
export const sharedSettings: z.ZodObject = z.object({
  tags: z.array(z.string()).nullish(),
  logpush: z.boolean().nullish(),
  observability: z.unknown().optional(),
  tail_consumers: z.unknown().optional(),
});

/** A script's name becomes part of a host name. */
const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** Fails with `script.invalid_name`. */
export function checkScriptName(name: string): void {
  if (!NAME.test(name)) throw new Failure("script.invalid_name", { field: "script_name" });
}

/** A binding without what is secret about it. */
export function showBinding(binding: Binding): object {
  const { name, type } = binding;
  return { name, type, ...kindOf(binding).show(binding) };
}

/** A version, as lists and single answers have it. */
export const shownVersion: z.ZodType = z.looseObject({
  id: z.string(),
  number: z.int(),
  metadata: z.looseObject({ author_email: z.string(), source: z.string(), created_on: z.iso.datetime() }),
  annotations: z.record(z.string(), z.string()),
  resources: z.looseObject({ bindings: z.array(z.looseObject({ name: z.string(), type: z.string() })) }),
});

/** As `shownVersion`. */
export function showVersion(version: ScriptVersionInfo): object {
  const { id, number, hash, createdAt, bindings, compatibilityDate, compatibilityFlags } = version;
  const created = iso(createdAt);
  return {
    id,
    number,
    metadata: {
      author_email: authorOf(version.annotations),
      author_id: "",
      source: "wrangler",
      created_on: created,
      modified_on: created,
      hasPreview: false,
    },
    annotations: unsigned(version.annotations),
    resources: {
      bindings: bindings.map(showBinding),
      script: { etag: hash, handlers: handlersOf(version), last_deployed_from: "wrangler" },
      script_runtime: {
        ...(compatibilityDate !== undefined && { compatibility_date: compatibilityDate }),
        compatibility_flags: compatibilityFlags,
        usage_model: "standard",
      },
    },
  };
}

/** Which handlers a default export has is not known without running it; Workers nearly always have this one. */
export function handlersOf({ exports }: Pick<ScriptVersion, "exports">): string[] {
  return exports?.includes("default") === true ? ["fetch"] : [];
}
