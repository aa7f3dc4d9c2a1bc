/** Makes a version that is stored the active one of its script. */
import { Failure } from "../../model/failures/failure.ts";
import { checkExports } from "../../model/platform/objects.ts";
import type { Deployment } from "../../ports/catalog/deployments.ts";
import type { Annotations } from "../../ports/catalog/script-versions.ts";
import { activation } from "../versions/activation.ts";
import type { DeployParts } from "../versions/parts.ts";
import { newestVersion } from "../versions/scripts.ts";
import { change } from "./change.ts";

/**
 * @throws Failure `script.not_found`, `script.version_not_found`, `objects.class_missing` for a version from before a migration, and
 * what `activation` fails with.
 */
export function deployVersion(parts: DeployParts, script: string, id: string, annotations: Annotations): Promise<Deployment> {
  const { catalog } = parts;
  return change(catalog, async () => {
    await newestVersion(catalog, script);
    // What a deleted script of this name has left, for its instances, is found by its id too, but is no version of this one.
    const [known, version] = [await catalog.scriptVersionInfo(id), await catalog.scriptVersion(id)];
    if (known?.script !== script || version === undefined)
      throw new Failure("script.version_not_found", { field: "versions[0].version_id" });
    checkExports(await catalog.objectClasses(script), version.exports);
    const { deployment, edits } = await activation(parts, version, version.workflows, annotations);
    return { edits, result: deployment };
  });
}
