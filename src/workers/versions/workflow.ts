/** Workflows as they are to be stored. What has not changed is not stored again: the newest version stays the newest. */
import { z } from "zod";
import { cronProblem } from "../../model/time/cron.ts";
import { Failure } from "../../model/failures/failure.ts";
import type { CatalogEdit } from "../../ports/catalog/edits.ts";
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";
import type { Workflow, WorkflowSettings } from "../../ports/catalog/workflows.ts";
import type { Timetable } from "../../ports/timetable.ts";
import { readGraph } from "../code/analysis.ts";
import type { DeployParts } from "./parts.ts";

/** A workflow with its newest version, to be stored. */
export type WorkflowEdit = Extract<CatalogEdit, { type: "workflow" }>;

/**
 * What pointing a workflow, new or known, to a class of a script version changes: nothing when it is so already. Without settings
 * it keeps those that it has.
 *
 * @throws Failure `workflow.jurisdiction_fixed` when it has another jurisdiction already.
 */
export async function workflowEdit(
  { catalog, clock, ids }: DeployParts,
  wanted: Pick<Workflow, "name" | "className" | "script">,
  script: Pick<ScriptVersion, "id" | "code">,
  given?: WorkflowSettings,
): Promise<readonly WorkflowEdit[]> {
  const present = await catalog.workflow(wanted.name);
  const newest = present && (await catalog.workflowVersion(present.versionId));
  const settings = settingsAfter(newest?.settings ?? {}, given);
  const same = newest?.scriptVersionId === script.id && newest.className === wanted.className;
  if (present && same && JSON.stringify(newest.settings) === JSON.stringify(settings)) return [];
  const now = clock.now();
  const version = {
    id: ids.uuid(),
    workflow: wanted.name,
    className: wanted.className,
    scriptVersionId: script.id,
    createdAt: now,
    settings,
  };
  const workflow = {
    id: present?.id ?? ids.uuid(),
    ...wanted,
    versionId: version.id,
    createdAt: present?.createdAt ?? now,
    modifiedAt: now,
  };
  const graph = await readGraph(script.code, wanted.className);
  return [{ type: "workflow", workflow, version, ...(graph !== undefined && { graph }) }];
}

/** An upload makes the workflow before wrangler says its jurisdiction: so the first one that is said counts, and what says none keeps it. */
function settingsAfter(stored: WorkflowSettings, given: WorkflowSettings = stored): WorkflowSettings {
  const { jurisdiction = stored.jurisdiction, ...rest } = given;
  if (jurisdiction === undefined) return given;
  if (stored.jurisdiction !== undefined && jurisdiction !== stored.jurisdiction)
    throw new Failure("workflow.jurisdiction_fixed", {
      field: "jurisdiction",
      detail: `The jurisdiction of the workflow is ${stored.jurisdiction}`,
    });
  return { ...rest, jurisdiction };
}

/** A cron expression that can be followed; what is wrong with another is said in words. */
export const cronExpression: z.ZodType<string> = z.string().superRefine((text, context) => {
  const message = cronProblem(text);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

/** How many schedules there would be in all, if these workflows had these. They may be `LIMITS.schedules`. */
export async function schedulesWith(
  catalog: Timetable,
  wanted: readonly { readonly name: string; readonly crons: readonly string[] }[],
): Promise<number> {
  const names = new Set(wanted.map(({ name }) => name));
  const others = (await catalog.timetable("workflow")).filter(({ owner }) => !names.has(owner));
  return wanted.reduce((sum, { crons }) => sum + new Set(crons).size, others.length);
}
