/** Creates a workflow or changes it, apart from a deployment of its script. */
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";
import type { Workflow, WorkflowSettings } from "../../ports/catalog/workflows.ts";
import type { DeployParts } from "../versions/parts.ts";
import { schedulesWith, workflowEdit } from "../versions/workflow.ts";
import { change, type Decided } from "./change.ts";

type Wanted = Pick<Workflow, "name" | "className" | "script">;

/**
 * Points a workflow to a class of its script's active version. The engine has to look at the timetable after that.
 *
 * @throws Failure `script.not_found`, `script.class_missing`, `workflow.too_many_schedules`, and what `workflowEdit` fails with.
 */
export function putWorkflow(parts: DeployParts, wanted: Wanted, settings: WorkflowSettings): Promise<Workflow> {
  const crons = (settings.schedules ?? []).map(({ cron }) => cron);
  const { catalog } = parts;
  return change(catalog, async () => {
    const active = await catalog.activeScript(wanted.script);
    if (active === undefined) throw new Failure("script.not_found", { field: "script_name" });
    if (active.exports?.includes(wanted.className) === false) throw new Failure("script.class_missing", { field: "class_name" });
    if ((await schedulesWith(catalog, [{ name: wanted.name, crons }])) > LIMITS.schedules)
      throw new Failure("workflow.too_many_schedules", { field: "schedules" });
    return decided(parts, wanted, active, settings);
  });
}

/**
 * Changes how many instances of a workflow may run at once, and nothing else of it; null takes the limit away.
 *
 * @throws Failure `workflow.not_found`, `workflow.script_deleted`.
 */
export function changeConcurrencyLimit(parts: DeployParts, name: string, most: number | null): Promise<Workflow> {
  const { catalog } = parts;
  return change(catalog, async () => {
    const workflow = await catalog.workflow(name);
    if (workflow === undefined) throw new Failure("workflow.not_found", { field: "workflow_name" });
    const { className, script, versionId } = workflow;
    const active = await catalog.activeScript(script);
    if (active === undefined) throw new Failure("workflow.script_deleted", { field: "workflow_name" });
    const { concurrency: _before, ...kept } = (await catalog.workflowVersion(versionId))?.settings ?? {};
    const settings = { ...kept, ...(most !== null && { concurrency: { limit: most } }) };
    return decided(parts, { name, className, script }, active, settings);
  });
}

async function decided(
  parts: DeployParts,
  wanted: Wanted,
  active: ScriptVersion,
  settings: WorkflowSettings,
): Promise<Decided<Workflow>> {
  const edits = await workflowEdit(parts, wanted, active, settings);
  const result = edits[0]?.workflow ?? (await parts.catalog.workflow(wanted.name));
  if (result === undefined) throw new Failure("workflow.not_found", { field: "workflow_name" });
  return { edits, result };
}
