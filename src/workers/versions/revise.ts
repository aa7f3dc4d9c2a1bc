/** New versions of a script: of an upload, and of a version that is stored, with other secrets. */
import { Failure } from "../../model/failures/failure.ts";
import type { ObjectClasses } from "../../model/platform/objects.ts";
import type { Binding } from "../../ports/catalog/bindings.ts";
import type { CatalogEdit } from "../../ports/catalog/edits.ts";
import type { Annotations, ScriptAssets, ScriptVersion } from "../../ports/catalog/script-versions.ts";
import { openSecrets } from "../../bindings/secrets.ts";
import { readExports } from "../code/analysis.ts";
import { bindingsOf, objectExports, workflowsOf } from "../upload/metadata.ts";
import { DEFAULT_POLICY, type DeployPolicy } from "./policy.ts";
import { adopt, checkAdoptable, missingResources, refuseMissing } from "./resources.ts";
import { unsupportedRemark } from "../../bindings/unsupported/kind.ts";
import { classesWith, classNames } from "./objects.ts";
import { checkServices } from "./references.ts";
import type { Publisher, VersionMaker } from "./publisher.ts";
import type { Upload } from "../upload/upload.ts";

/** A version that can be stored, and what goes with it. */
export interface Draft {
  readonly version: ScriptVersion;
  /** The version, and what it is bound to that was not there. */
  readonly edits: readonly CatalogEdit[];
  /** The Durable Objects that the script has once the version is active. */
  readonly objects: ObjectClasses;
  /** What the user should know. */
  readonly remarks: readonly string[];
}

/** Makes a version of what was uploaded. Bindings that it keeps are those of the script's newest version. */
export async function draftUpload(
  publisher: Publisher,
  make: VersionMaker,
  script: string,
  { metadata, code }: Upload,
  sent?: ScriptAssets["files"],
): Promise<Draft> {
  const { catalog, vault, policy = DEFAULT_POLICY } = publisher;
  const [newest] = (await catalog.scriptVersions(script, 0, 1)).items;
  const bindings = bindingsOf(metadata, script, newest === undefined ? [] : openSecrets(vault, newest).bindings);
  const unsupported = remarkOrRefuse(policy, bindings);
  const missing = await missingResources(catalog, bindings);
  if (adopts(policy, isNothingYet(newest?.bindings ?? []))) checkAdoptable(missing);
  else refuseMissing(missing);
  await checkServices(catalog, script, bindings);
  const exports = await readExports(code);
  const assets = assetsOf(metadata, sent, newest?.assets);
  const wanted = {
    ...code,
    script,
    bindings,
    workflows: workflowsOf(bindings, metadata),
    annotations: metadata.annotations,
    compatibilityFlags: metadata.compatibility_flags,
    ...(exports !== undefined && { exports }),
    ...(assets && { assets }),
    ...(metadata.compatibility_date !== undefined && { compatibilityDate: metadata.compatibility_date }),
  };
  const objects = await classesWith(publisher, script, wanted, { ...metadata, exports: objectExports(metadata) });
  const version = await make({ ...wanted, objectClasses: classNames(objects) });
  const adopted = await adopt(catalog, missing, version.createdAt);
  return {
    version,
    objects,
    edits: [...adopted.edits, { type: "version", version }],
    remarks: [...unsupported, ...adopted.remarks],
  };
}

function remarkOrRefuse({ isStrict }: DeployPolicy, bindings: readonly Binding[]): readonly string[] {
  const remark = unsupportedRemark(bindings);
  if (isStrict && remark !== undefined)
    throw new Failure("script.binding_unsupported", { field: "metadata.bindings", detail: remark });
  return remark === undefined ? [] : [remark];
}

function adopts({ isStrict, adopts: whose }: DeployPolicy, isFirst: boolean): boolean {
  return !isStrict && (whose === "always" || (whose === "first" && isFirst));
}

/** `wrangler secret put` makes a script of secrets alone before anything is deployed. */
function isNothingYet(bindings: readonly Binding[]): boolean {
  return bindings.every(({ type }) => type === "secret_text");
}

/** Those that were sent for it, or those of the version before. */
function assetsOf(
  { assets, keep_assets: areKept }: Upload["metadata"],
  sent: ScriptAssets["files"] | undefined,
  stored: ScriptAssets | undefined,
): ScriptAssets | undefined {
  const files = sent ?? (areKept ? stored?.files : undefined);
  return files && { files, config: assets?.config ?? stored?.config ?? {} };
}

/** Secrets by name; null takes one away. */
export type SecretChanges = Readonly<Record<string, string | null>>;

/**
 * Makes a version that differs from another in its secrets.
 *
 * @throws Failure `script.no_secret` when one that is taken away is not there, `body` when the name is another binding's.
 */
export async function draftSecrets(
  { catalog, vault }: Publisher,
  make: VersionMaker,
  versionId: string,
  changes: SecretChanges,
  annotations: Annotations,
): Promise<ScriptVersion> {
  const stored = await catalog.scriptVersion(versionId);
  if (stored === undefined) throw new Failure("script.version_not_found");
  const { id: _id, hash: _hash, createdAt: _createdAt, ...base } = openSecrets(vault, stored);
  const bindings = changed(base.bindings, changes);
  return make({ ...base, bindings, annotations });
}

function changed(bindings: readonly Binding[], changes: SecretChanges): Binding[] {
  for (const [name, text] of Object.entries(changes)) {
    const present = bindings.find((each) => each.name === name);
    if (text === null && present?.type !== "secret_text") throw new Failure("script.no_secret", { field: name });
    if (present !== undefined && present.type !== "secret_text")
      throw new Failure("body", { field: name, detail: `The Worker has another binding of this name, of type ${present.type}` });
  }
  const added = Object.entries(changes).flatMap(([name, text]): Binding[] =>
    text === null ? [] : [{ type: "secret_text", name, text }],
  );
  return [...bindings.filter(({ name }) => !Object.hasOwn(changes, name)), ...added];
}
