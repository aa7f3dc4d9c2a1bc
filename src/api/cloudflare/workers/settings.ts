/** What else there is to say of a script: its settings, where it can be reached, its cron triggers. */
import { z } from "zod";
import { LIMITS } from "../../../model/limits.ts";
import { iso } from "../../../model/time/calendar.ts";
import { changeScriptSettings } from "../../../workers/deploy/change-script-settings.ts";
import { cronsOf, setCrons } from "../../../workers/deploy/set-crons.ts";
import { activeVersion } from "../../../workers/versions/scripts.ts";
import { cronExpression } from "../../../workers/versions/workflow.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { anything, SCRIPT, sharedSettings, showBinding } from "./shown.ts";

const subdomain = z.object({ enabled: z.boolean(), previews_enabled: z.boolean() });

/** A `Worker` is at `<script>.localhost` whatever is said here. */
async function subdomainOf(api: Api, script: string): Promise<z.output<typeof subdomain>> {
  return (await api.catalog.scriptSettings(script)).subdomain ?? { enabled: false, previews_enabled: false };
}

async function showSettings(api: Api, script: string): Promise<object> {
  const { bindings, compatibilityDate, compatibilityFlags } = await activeVersion(api.catalog, script);
  const { tags = [], logpush = false, observability, tail_consumers: consumers = [] } = await api.catalog.scriptSettings(script);
  return {
    bindings: bindings.map(showBinding),
    ...(compatibilityDate !== undefined && { compatibility_date: compatibilityDate }),
    compatibility_flags: compatibilityFlags,
    usage_model: "standard",
    tags,
    logpush,
    tail_consumers: consumers,
    ...(observability !== undefined && { observability }),
  };
}

async function showSchedules(api: Api, script: string): Promise<object> {
  await activeVersion(api.catalog, script);
  const triggers = await cronsOf(api.catalog, script);
  return {
    schedules: triggers.map(({ cron, createdAt }) => ({ cron, created_on: iso(createdAt), modified_on: iso(createdAt) })),
  };
}

const places: readonly Endpoint[] = [
  endpoint("get", "/accounts/{account_id}/workers/subdomain", {
    summary: "Read the subdomain of the account; Workers are served at <script>.localhost",
    result: z.object({ subdomain: z.string() }),
    handle: () => Promise.resolve({ result: { subdomain: "stepwell" } }),
  }),
  endpoint("get", `${SCRIPT}/subdomain`, {
    summary: "Read whether the subdomain of a script is enabled",
    result: subdomain,
    handle: async ({ params: { script_name: script } }, api) => {
      await activeVersion(api.catalog, script);
      return { result: await subdomainOf(api, script) };
    },
  }),
  endpoint("post", `${SCRIPT}/subdomain`, {
    needs: "admin",
    summary: "Enable or disable the subdomain of a script; stored, but without effect",
    body: z.object({ enabled: z.boolean(), previews_enabled: z.boolean().default(false) }),
    result: subdomain,
    handle: async ({ params: { script_name: script }, body }, api) => {
      await changeScriptSettings(api.catalog, script, { subdomain: body }, activeVersion);
      return { result: body };
    },
  }),
];

/** Settings, places and cron triggers. */
export const scriptsSettings: readonly Endpoint[] = [
  ...places,
  endpoint("get", `${SCRIPT}/settings`, {
    summary: "Read the bindings and settings of the active version; secrets by name only",
    result: anything,
    handle: async ({ params }, api) => ({ result: await showSettings(api, params.script_name) }),
  }),
  endpoint("get", `${SCRIPT}/script-settings`, {
    summary: "Read the settings shared by all versions of a script",
    result: anything,
    handle: async ({ params: { script_name: script } }, api) => {
      await activeVersion(api.catalog, script);
      const { tags = [], logpush = false, ...rest } = await api.catalog.scriptSettings(script);
      return { result: { tags, logpush, observability: rest.observability, tail_consumers: rest.tail_consumers } };
    },
  }),
  endpoint("patch", `${SCRIPT}/script-settings`, {
    needs: "admin",
    summary: "Change the settings shared by all versions of a script; stored, but without effect",
    body: sharedSettings,
    result: anything,
    handle: async ({ params: { script_name: script }, body }, api) => {
      const { subdomain: _subdomain, ...shown } = await changeScriptSettings(api.catalog, script, body, activeVersion);
      return { result: shown };
    },
  }),
  endpoint("get", `${SCRIPT}/schedules`, {
    summary: "Read the cron triggers of a script",
    result: anything,
    handle: async ({ params }, api) => ({ result: await showSchedules(api, params.script_name) }),
  }),
  endpoint("put", `${SCRIPT}/schedules`, {
    needs: "admin",
    summary: "Replace the cron triggers that call the scheduled handler of a script",
    body: z.array(z.object({ cron: cronExpression })).max(LIMITS.cronTriggers),
    result: anything,
    handle: async ({ params: { script_name: script }, body }, api) => {
      const crons = body.map(({ cron }) => cron);
      await setCrons(api.catalog, script, crons, api.clock.now());
      return { result: await showSchedules(api, script) };
    },
  }),
];
