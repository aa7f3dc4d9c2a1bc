/** Changes which workflows are to be started by which events. */
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Deployed } from "../../ports/catalog/catalog.ts";
import type { EventTrigger } from "../../ports/catalog/workers.ts";
import { change } from "./change.ts";

/** The triggers of a script, before a change and after it. */
interface Changed {
  readonly before: readonly EventTrigger[];
  readonly after: readonly EventTrigger[];
}

/**
 * Replaces the event triggers of a script, or adds some to them.
 *
 * @throws Failure `workflow.not_found` for a script or a target that is not there; `body` for too many.
 */
export function changeEventTriggers(
  catalog: Deployed,
  script: string,
  { triggers, keep }: { readonly triggers: readonly EventTrigger[]; readonly keep: boolean },
): Promise<Changed> {
  return change(catalog, async () => {
    const before = await eventTriggersOf(catalog, script);
    await checkTargets(catalog, triggers);
    const after = keep ? [...before, ...triggers] : triggers;
    if (after.length > LIMITS.triggers)
      throw new Failure("body", {
        field: "body",
        detail: `There would be ${after.length} triggers; ${LIMITS.triggers} are possible`,
      });
    return { edits: [{ type: "event_triggers", script, triggers: after }], result: { before, after } };
  });
}

/** Those of a script. Fails with `workflow.not_found`: clients know one code for everything that is not there. */
export async function eventTriggersOf(catalog: Deployed, script: string): Promise<readonly EventTrigger[]> {
  if ((await catalog.activeScript(script)) === undefined)
    throw new Failure("workflow.not_found", { field: "script_name", detail: "This Worker does not exist" });
  return catalog.eventTriggers(script);
}

/** Each target is a workflow that there is, of the script that is said to have it. */
async function checkTargets(catalog: Deployed, wanted: readonly EventTrigger[]): Promise<void> {
  for (const [i, { targets }] of wanted.entries())
    for (const [j, { script_name: script, workflow_name: name }] of targets.entries()) {
      const workflow = await catalog.workflow(name);
      const field = `[${i}].targets[${j}]`;
      if (workflow === undefined) throw new Failure("workflow.not_found", { field: `${field}.workflow_name` });
      if (workflow.script !== script)
        throw new Failure("workflow.not_found", {
          field: `${field}.script_name`,
          detail: `The workflow "${name}" is not of this script, but of "${workflow.script}"`,
        });
    }
}
