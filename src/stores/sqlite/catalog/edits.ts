/** Changes that were decided on what the catalogue said: each is one transaction, unless it says something else by now. */
import type { CatalogEdit, Edits } from "../../../ports/catalog/edits.ts";
import type { Queries } from "../connection/queries.ts";
import { putConcurrencyKeys, putHostNames, putRoutes } from "./addresses.ts";
import type { Known } from "./known.ts";
import { addResource } from "./resources.ts";
import { addVersion, deleteScript, putDeployment } from "./scripts.ts";
import { putCrons } from "./timetable.ts";
import { deleteWorker, putEventTriggers, putMadeWorker, putObjectClasses, putScriptSettings } from "./workers.ts";
import { putWorkflow, workflowsOf } from "./workflows.ts";

/** The verbs of changes. */
export function edits(query: Queries, known: Known): Edits {
  return {
    revision: async () => known.revision,
    commit: async (parts, expected = known.revision) => {
      if (expected !== known.revision) return false;
      known.changed(query.within(() => parts.flatMap((part) => apply(query, known, part))));
      for (const part of parts) if (part.type === "crons") known.tell({ crons: part.owner });
      return true;
    },
  };
}

/** Within a transaction. Answers which workflows it changes. */
function apply(query: Queries, known: Known, edit: CatalogEdit): readonly string[] {
  const { run } = query;
  switch (edit.type) {
    case "workflow":
      putWorkflow(run, edit);
      return [edit.workflow.name];
    case "script_removal":
      return removeScript(query, known, edit.script);
    case "deployment":
      known.active.delete(edit.deployment.script);
      putDeployment(run, edit.deployment);
      break;
    case "version":
      addVersion(run, edit.version);
      break;
    case "resource":
      addResource(run, edit.resource);
      break;
    case "object_classes":
      putObjectClasses(run, edit.script, edit.classes);
      break;
    case "crons":
      putCrons(run, edit);
      break;
    case "host_names":
      putHostNames(run, edit.script, edit.hostNames);
      break;
    case "routes":
      putRoutes(run, edit.script, edit.patterns);
      break;
    case "event_triggers":
      putEventTriggers(run, edit.script, edit.triggers);
      break;
    case "script_settings":
      putScriptSettings(run, edit.script, edit.settings);
      break;
    case "made_worker":
      putMadeWorker(run, edit.worker);
      break;
    case "concurrency_keys":
      putConcurrencyKeys(run, edit.keys);
  }
  return [];
}

function removeScript({ run, all }: Queries, known: Known, script: string): readonly string[] {
  const own = workflowsOf(all, script).map(({ name }) => name);
  for (const owner of own) putCrons(run, { kind: "workflow", owner, crons: [], from: 0 });
  putCrons(run, { kind: "script", owner: script, crons: [], from: 0 });
  deleteWorker(run, script);
  known.active.delete(script);
  return deleteScript(run, script) ? own : [];
}
