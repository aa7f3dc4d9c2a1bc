/**
 * Event triggers of a script: which workflows are to be started by which events of the platform. They are checked, kept
 * and given back, so that projects that have them deploy; there is no source of such events here.
 */
import { z } from "zod";
import { Failure } from "../../../model/failures/failure.ts";
import { LIMITS } from "../../../model/limits.ts";
import type { Catalog } from "../../../ports/catalog.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { deployMessages, type Message } from "../../endpoint/envelope.ts";
import { triggersOf } from "../workers/settings-document.ts";

const name = z.string().min(1).max(LIMITS.scriptName);

const trigger = z.object({
  type: name,
  filter: z.record(z.string(), z.union([z.string().max(LIMITS.triggerFilter), z.number(), z.boolean()])).optional(),
  targets: z
    .array(z.object({ type: z.literal("workflow"), script_name: name, workflow_name: name }))
    .min(1)
    .max(LIMITS.triggerTargets),
});

type Trigger = z.output<typeof trigger>;

const triggers = z.array(trigger).max(LIMITS.triggers);

const shown = z.object({ script_name: z.string(), triggers });

/** wrangler does not print what comes with a success. */
function inert({ log }: Api, script: string, triggers: readonly Trigger[]): readonly Message[] {
  if (triggers.length === 0) return [];
  const message = "Event triggers are stored and returned, but do not start workflows here";
  log.warn(message, { script, types: triggers.map(({ type }) => type).join(", ") });
  return deployMessages([message]);
}

const TRIGGERS = "/accounts/{account_id}/triggers/{script_name}";

/** The triggers of one script: read, replace, add and delete them. */
export const eventTriggers: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: TRIGGERS,
    summary: "Read the event triggers of a script",
    result: shown,
    handle: async ({ params: { script_name: script } }, { catalog }) => {
      await checkScript(catalog, script);
      return { result: { script_name: script, triggers: parse(await catalog.setting(triggersOf(script))) } };
    },
  }),
  endpoint({
    method: "put",
    path: TRIGGERS,
    needs: "admin",
    summary: "Replace the event triggers of a script; they are stored, but never fire here",
    body: triggers,
    maxBody: LIMITS.valueBodyBytes,
    result: shown,
    handle: async ({ params: { script_name: script }, body }, api) => {
      const { catalog } = api;
      await checkScript(catalog, script);
      await checkTargets(catalog, body);
      await catalog.putSetting(triggersOf(script), JSON.stringify(body));
      return { result: { script_name: script, triggers: body }, messages: inert(api, script, body) };
    },
  }),
  endpoint({
    method: "patch",
    path: TRIGGERS,
    needs: "admin",
    summary: "Add event triggers to a script",
    body: triggers,
    maxBody: LIMITS.valueBodyBytes,
    result: shown,
    handle: async ({ params: { script_name: script }, body }, api) => {
      const { catalog } = api;
      await checkScript(catalog, script);
      await checkTargets(catalog, body);
      const all = await change(catalog, script, (before) => [...before, ...body]);
      return { result: { script_name: script, triggers: all }, messages: inert(api, script, body) };
    },
  }),
  endpoint({
    method: "delete",
    path: TRIGGERS,
    needs: "admin",
    summary: "Delete the event triggers of a script",
    result: z.object({ deleted: z.int() }),
    handle: async ({ params: { script_name: script } }, { catalog }) => {
      await checkScript(catalog, script);
      let deleted = 0;
      await change(catalog, script, (before) => {
        deleted = before.length;
        return [];
      });
      return { result: { deleted } };
    },
  }),
];

function parse(json: string | undefined): Trigger[] {
  return json === undefined ? [] : (JSON.parse(json) as Trigger[]);
}

async function change(
  catalog: Catalog,
  script: string,
  to: (before: readonly Trigger[]) => readonly Trigger[],
): Promise<readonly Trigger[]> {
  let all: readonly Trigger[] = [];
  await catalog.changeSetting(triggersOf(script), (json) => {
    all = to(parse(json));
    if (all.length > LIMITS.triggers)
      throw new Failure("body", {
        field: "body",
        detail: `At most ${LIMITS.triggers} triggers are allowed; there would be ${all.length}`,
      });
    return JSON.stringify(all);
  });
  return all;
}

/** This route knows one code for everything that is not there. */
async function checkScript(catalog: Catalog, script: string): Promise<void> {
  if ((await catalog.activeScript(script)) === undefined)
    throw new Failure("workflow.not_found", { field: "script_name", detail: "This Worker does not exist" });
}

/** Each target is a workflow that there is, of the script that is said to have it. */
async function checkTargets(catalog: Catalog, wanted: readonly Trigger[]): Promise<void> {
  const scripts = new Map<string, string | undefined>();
  for (const [i, { targets }] of wanted.entries())
    for (const [j, { script_name: script, workflow_name: workflow }] of targets.entries()) {
      if (!scripts.has(workflow)) scripts.set(workflow, (await catalog.workflow(workflow))?.script);
      const field = `[${i}].targets[${j}]`;
      if (scripts.get(workflow) === undefined) throw new Failure("workflow.not_found", { field: `${field}.workflow_name` });
      if (scripts.get(workflow) !== script)
        throw new Failure("workflow.not_found", {
          field: `${field}.script_name`,
          detail: `The workflow "${workflow}" belongs to the script "${scripts.get(workflow)}"`,
        });
    }
}
