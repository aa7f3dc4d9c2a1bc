/** Changes the secrets of a script, which makes a version of it. */
import type { Annotations, ScriptVersion } from "../../ports/catalog/script-versions.ts";
import { activation } from "../versions/activation.ts";
import { versionMaker, type Publisher } from "../versions/publisher.ts";
import { draftSecrets, type SecretChanges } from "../versions/revise.ts";
import { activeVersion, newestVersion } from "../versions/scripts.ts";
import { change } from "./change.ts";

/** What is to be changed, and whether the version is deployed. */
export interface SecretsInput {
  readonly script: string;
  readonly changes: SecretChanges;
  readonly annotations: Annotations;
  readonly isDeployed: boolean;
}

/**
 * A version that is deployed differs from the active one, another from the newest.
 *
 * @throws Failure `script.not_found` and what `draftSecrets` and `activation` fail with.
 */
export function changeSecrets(
  publisher: Publisher,
  { script, changes, annotations, isDeployed }: SecretsInput,
): Promise<ScriptVersion> {
  const { catalog } = publisher;
  const make = versionMaker(publisher, "raw");
  return change(catalog, async () => {
    const { id } = await (isDeployed ? activeVersion : newestVersion)(catalog, script);
    const version = await draftSecrets(publisher, make, id, changes, annotations);
    const active = isDeployed ? await activation(publisher, version, version.workflows, annotations) : { edits: [] };
    return { edits: [{ type: "version", version }, ...active.edits], result: version };
  });
}
