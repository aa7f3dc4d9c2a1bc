/** Takes an upload in: as a version alone, or deployed at once. */
import { Failure } from "../../model/failures/failure.ts";
import type { CatalogEdit } from "../../ports/catalog/edits.ts";
import type { ScriptAssets, ScriptVersion } from "../../ports/catalog/script-versions.ts";
import type { Upload } from "../upload/upload.ts";
import { activation } from "../versions/activation.ts";
import { versionMaker, type Publisher } from "../versions/publisher.ts";
import { draftUpload } from "../versions/revise.ts";
import { checkWorker } from "../versions/scripts.ts";
import { change } from "./change.ts";

interface Parts {
  readonly publisher: Publisher;
  /** Fails when there is no queue of this name. */
  readonly queues: { named(name: string): unknown };
}

/** What was uploaded for a script. */
export interface UploadInput {
  readonly script: string;
  readonly upload: Upload;
  /** Static assets that were sent before. */
  readonly assets?: ScriptAssets["files"] | undefined;
  readonly isDeployed: boolean;
}

/** A version that was taken in. */
export interface TakenIn {
  readonly version: ScriptVersion;
  /** What the user should know. */
  readonly remarks: readonly string[];
}

const NOT_IN_A_VERSION =
  "Version upload failed. It includes a Durable Object migration, but migrations must be fully applied via a non-versioned deployment";

/** A script that is deployed is made; otherwise there has to be one. Nothing is stored when it fails: when the code does not load, say, or is bound to what is not there. */
export function takeIn({ publisher, queues }: Parts, { script, upload, assets, isDeployed }: UploadInput): Promise<TakenIn> {
  const { catalog } = publisher;
  const { bindings, migrations, annotations } = upload.metadata;
  for (const binding of bindings)
    if (binding.type === "queue" && "queue_name" in binding) queues.named(String(binding["queue_name"]));
  if (!isDeployed && migrations !== undefined)
    throw new Failure("objects.in_a_version", { field: "metadata.migrations", detail: NOT_IN_A_VERSION });
  const make = versionMaker(publisher, "raw");
  return change(catalog, async () => {
    if (!isDeployed) await checkWorker(catalog, script);
    const { version, edits, objects, remarks } = await draftUpload(publisher, make, script, upload, assets);
    const result = { version, remarks };
    if (!isDeployed) return { edits, result };
    const active = await activation(publisher, version, version.workflows, annotations);
    const classes: CatalogEdit = { type: "object_classes", script, classes: objects };
    return { edits: [...edits, ...active.edits, classes], result };
  });
}
