/**
 * Event triggers of a script: which workflows are to be started by which events of the platform. They are checked, kept
 * and given back, so that projects that have them deploy; there is no source of such events here.
 */
import { z } from "zod";
import { LIMITS } from "../../../model/limits.ts";
import type { EventTrigger } from "../../../ports/catalog/workers.ts";
import { changeEventTriggers, eventTriggersOf } from "../../../workers/deploy/event-triggers.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { deployMessages, type Message } from "../../endpoint/envelope.ts";

const name = z.string().min(1).max(LIMITS.scriptName);

const trigger = z.object({
  type: name,
  filter: z.record(z.string(), z.union([z.string().max(LIMITS.triggerFilter), z.number(), z.boolean()])).optional(),
  targets: z
    .array(z.object({ type: z.literal("workflow"), script_name: name, workflow_name: name }))
    .min(1)
    .max(LIMITS.triggerTargets),
});

const triggers = z.array(trigger).max(LIMITS.triggers);

const shown = z.object({ script_name: z.string(), triggers });

/** wrangler does not print what comes with a success. */
function inert({ log }: Api, script: string, triggers: readonly EventTrigger[]): readonly Message[] {
  if (triggers.length === 0) return [];
  const message = "Event triggers are stored and returned, but do not start workflows here";
  log.warn(message, { script, types: triggers.map(({ type }) => type).join(", ") });
  return deployMessages([message]);
}

const TRIGGERS = "/accounts/{account_id}/triggers/{script_name}";

/** The triggers of one script: read, replace, add and delete them. */
export const eventTriggers: readonly Endpoint[] = [
  endpoint("get", TRIGGERS, {
    summary: "Read the event triggers of a script",
    result: shown,
    handle: async ({ params: { script_name: script } }, { catalog }) => {
      return { result: { script_name: script, triggers: await eventTriggersOf(catalog, script) } };
    },
  }),
  endpoint("put", TRIGGERS, {
    needs: "admin",
    summary: "Replace the event triggers of a script; they are stored, but never fire here",
    body: triggers,
    maxBody: LIMITS.valueBodyBytes,
    result: shown,
    handle: async ({ params: { script_name: script }, body }, api) => {
      await changeEventTriggers(api.catalog, script, { triggers: body, keep: false });
      return { result: { script_name: script, triggers: body }, messages: inert(api, script, body) };
    },
  }),
  endpoint("patch", TRIGGERS, {
    needs: "admin",
    summary: "Add event triggers to a script",
    body: triggers,
    maxBody: LIMITS.valueBodyBytes,
    result: shown,
    handle: async ({ params: { script_name: script }, body }, api) => {
      const { after } = await changeEventTriggers(api.catalog, script, { triggers: body, keep: true });
      return { result: { script_name: script, triggers: after }, messages: inert(api, script, body) };
    },
  }),
  endpoint("delete", TRIGGERS, {
    needs: "admin",
    summary: "Delete the event triggers of a script",
    result: z.object({ deleted: z.int() }),
    handle: async ({ params: { script_name: script } }, { catalog }) => {
      const { before } = await changeEventTriggers(catalog, script, { triggers: [], keep: false });
      return { result: { deleted: before.length } };
    },
  }),
];
