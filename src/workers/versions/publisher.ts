/**
 * The one way in for code: a version is made once it has been loaded and has the classes that it says it has, its secrets sealed.
 * Use cases store and activate it in one change of the catalogue, together with its workflows; so nothing is ever half deployed.
 */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { Failure } from "../../model/failures/failure.ts";
import type { Binding } from "../../ports/catalog/bindings.ts";
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";
import { sealSecrets, withoutSecrets } from "../../bindings/secrets.ts";
import type { Vault } from "../../ports/vault.ts";
import type { DeployParts } from "./parts.ts";
import type { DeployPolicy } from "./policy.ts";
import { mapStack } from "../logs/stack.ts";

/** What versions are made with. */
export interface Publisher extends DeployParts {
  readonly vault: Vault;
  /** Loads a version, whose secrets are in the clear, to see that it does. Rejects with `script.invalid` when it does not. */
  readonly load: (version: ScriptVersion) => Promise<void>;
  /** `DEFAULT_POLICY` when absent. */
  readonly policy?: DeployPolicy;
}

/** A version as it is wanted, its secrets in the clear. */
export type WantedVersion = Omit<ScriptVersion, "id" | "hash" | "createdAt">;

/**
 * Makes a version, its secrets sealed, which takes as long as its code takes to load.
 *
 * @throws Failure `script.invalid` when it does not load or lacks a class.
 */
export type VersionMaker = (wanted: WantedVersion) => Promise<ScriptVersion>;

/**
 * Makes versions for one change, which may be decided several times: what is wanted again as it was is not loaded again. Failures have
 * the whole stack of what was thrown, with the places in the sources when they are wanted `mapped`; clients that have the
 * source map themselves want them `raw`.
 */
export function versionMaker(publisher: Publisher, positions: "mapped" | "raw"): VersionMaker {
  let last: { readonly wanted: WantedVersion; readonly made: Promise<ScriptVersion> } | undefined;
  return (wanted) => {
    if (last === undefined || !isDeepStrictEqual(last.wanted, wanted))
      last = { wanted, made: make(publisher, wanted, positions) };
    return last.made;
  };
}

async function make(
  { vault, clock, ids, load }: Publisher,
  wanted: WantedVersion,
  positions: "mapped" | "raw",
): Promise<ScriptVersion> {
  const version = identified(wanted, ids.uuid(), clock.now());
  checkClasses(version);
  await load(version).catch((cause: unknown) => refuse(cause, version, positions));
  return sealSecrets(vault, version);
}

/** Executors tell places in the code that they were given. V8's word stands before what has a stack: the rest is a sentence. */
function refuse(cause: unknown, version: ScriptVersion, positions: "mapped" | "raw"): never {
  if (!(cause instanceof Failure) || cause.failure !== "script.invalid") throw cause;
  const { detail = "" } = cause;
  const raw = detail.includes("\n") ? `Uncaught ${detail}` : detail;
  throw new Failure("script.invalid", { detail: positions === "raw" ? raw : mapStack(detail, version), cause });
}

/** What tells the content of a version from another's, secrets aside: of those only the names. */
export function contentHash({
  script,
  code,
  bindings,
  modules,
  assets,
  workflows = [],
  objectClasses = [],
  ...rest
}: WantedVersion): string {
  const { compatibilityDate, compatibilityFlags } = rest;
  const shown = bindings.map((binding) =>
    binding.type === "version_metadata" ? { ...binding, metadata: null } : withoutSecrets(binding),
  );
  const exported = workflows.flatMap(({ name, className, isExported }) => (isExported === true ? [[className, name]] : []));
  const content = { script, code, bindings: shown, modules, compatibilityFlags, compatibilityDate, assets };
  if (exported.length > 0) Object.assign(content, { exported });
  if (objectClasses.length > 0) Object.assign(content, { objectClasses });
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}

function identified(wanted: WantedVersion, id: string, createdAt: number): ScriptVersion {
  const tag = wanted.annotations?.["workers/tag"] ?? "";
  const metadata = { id, tag, timestamp: new Date(createdAt).toISOString() };
  const bindings = wanted.bindings.map((binding): Binding =>
    binding.type === "version_metadata" ? { ...binding, metadata } : binding,
  );
  return { ...wanted, bindings, id, hash: contentHash(wanted), createdAt };
}

function checkClasses({ exports, workflows = [] }: ScriptVersion): void {
  if (exports === undefined) return;
  for (const { name, className } of workflows) {
    if (exports.includes(className)) continue;
    const known = exports.filter((each) => each !== "default").join(", ") || "no classes";
    const detail = `The Worker exports no class "${className}", which the workflow "${name}" needs (it exports ${known})`;
    throw new Failure("script.invalid", { detail });
  }
}
