/** What it takes to make a version the active one of its script. Instances under way stay on the version they began with. */
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Deployment } from "../../ports/catalog/deployments.ts";
import type { CatalogEdit } from "../../ports/catalog/edits.ts";
import type { Annotations, DeclaredWorkflow, ScriptVersion } from "../../ports/catalog/script-versions.ts";
import type { DeployParts } from "./parts.ts";
import { schedulesWith, workflowEdit, type WorkflowEdit } from "./workflow.ts";

/** A deployment, and the change that brings it about. */
export interface Activation {
  readonly deployment: Deployment;
  readonly edits: readonly CatalogEdit[];
}

/**
 * `workflows` are those that the version is to have; others of the script, whose class it has, go with it, and those whose class
 * it lacks stay where they are.
 *
 * @throws Failure `workflow.too_many_schedules`. Deleting a script frees its schedules, and others may have taken their places
 * when it comes back.
 */
export async function activation(
  parts: DeployParts,
  version: Pick<ScriptVersion, "id" | "script" | "code" | "exports">,
  workflows: readonly DeclaredWorkflow[] = [],
  annotations: Annotations = {},
): Promise<Activation> {
  const { catalog, clock, ids } = parts;
  const { id: versionId, script, exports } = version;
  const declared = new Map(workflows.map((each) => [each.name, each]));
  for (const { name, className } of await catalog.workflowsOf(script))
    if (!declared.has(name) && exports?.includes(className) !== false) declared.set(name, { name, className });
  const edits: WorkflowEdit[] = [];
  for (const { name, className, settings } of declared.values())
    edits.push(...(await workflowEdit(parts, { name, className, script }, version, settings)));
  const schedules = edits.map(({ workflow: { name }, version: { settings } }) => ({
    name,
    crons: (settings.schedules ?? []).map(({ cron }) => cron),
  }));
  if ((await schedulesWith(catalog, schedules)) > LIMITS.schedules)
    throw new Failure("workflow.too_many_schedules", { field: "schedules" });
  const deployment = { id: ids.uuid(), script, versionId, createdAt: clock.now(), annotations };
  return { deployment, edits: [{ type: "deployment", deployment }, ...edits] };
}
