/** Puts a workflow into the catalogue. What has not changed is not stored again: the newest version stays the newest. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { cronProblem } from "../../model/time/cron.ts";
import { Failure } from "../../model/failures/failure.ts";
import type { Catalog, ScriptVersion, Workflow, WorkflowChange, WorkflowSettings } from "../../ports/catalog.ts";
import { readGraph } from "../code/analysis.ts";

/** Points a workflow, new or known, to a class of a script version. Answers the workflow as it is then. */
export async function putWorkflow(
  catalog: Catalog,
  wanted: Pick<Workflow, "name" | "className" | "script">,
  script: Pick<ScriptVersion, "id" | "code">,
  settings: WorkflowSettings,
): Promise<Workflow> {
  const change = await workflowChange(catalog, wanted, script, settings);
  if (change !== undefined) await catalog.putWorkflow(change.workflow, change.version, change.graph);
  const workflow = change?.workflow ?? (await catalog.workflow(wanted.name));
  if (workflow === undefined) throw new Failure("workflow.not_found");
  return workflow;
}

/**
 * What pointing a workflow there changes; undefined when it is so already. Without settings it keeps those that it has.
 *
 * @throws Failure `workflow.jurisdiction_fixed` when it has another jurisdiction already.
 */
export async function workflowChange(
  catalog: Catalog,
  wanted: Pick<Workflow, "name" | "className" | "script">,
  script: Pick<ScriptVersion, "id" | "code">,
  given?: WorkflowSettings,
): Promise<WorkflowChange | undefined> {
  const present = await catalog.workflow(wanted.name);
  const newest = present && (await catalog.workflowVersion(present.versionId));
  const settings = settingsAfter(newest?.settings ?? {}, given);
  const same = newest?.scriptVersionId === script.id && newest.className === wanted.className;
  if (present && same && JSON.stringify(newest.settings) === JSON.stringify(settings)) return undefined;
  const now = Date.now();
  const version = {
    id: randomUUID(),
    workflow: wanted.name,
    className: wanted.className,
    scriptVersionId: script.id,
    createdAt: now,
    settings,
  };
  const workflow = {
    id: present?.id ?? randomUUID(),
    ...wanted,
    versionId: version.id,
    createdAt: present?.createdAt ?? now,
    modifiedAt: now,
  };
  const graph = await readGraph(script.code, wanted.className);
  return { workflow, version, ...(graph !== undefined && { graph }) };
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
  catalog: Catalog,
  wanted: readonly { readonly name: string; readonly crons: readonly string[] }[],
): Promise<number> {
  const names = new Set(wanted.map(({ name }) => name));
  const others = (await catalog.schedules()).filter(({ workflow }) => !names.has(workflow));
  return wanted.reduce((sum, { crons }) => sum + new Set(crons).size, others.length);
}
