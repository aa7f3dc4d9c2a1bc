/** What is kept of a script besides its versions: a small document in the catalogue. */
import { z } from "zod";
import type { Api } from "../../endpoint/endpoint.ts";

/** Settings that are given back as they came. They change nothing here. */
export const keptSettings: z.ZodObject = z.object({
  tags: z.array(z.string()).nullish(),
  logpush: z.boolean().nullish(),
  observability: z.unknown().optional(),
  tail_consumers: z.unknown().optional(),
});

export interface ScriptSettings {
  readonly tags?: readonly string[];
  readonly logpush?: boolean;
  readonly observability?: unknown;
  readonly tail_consumers?: unknown;
  readonly subdomain?: { readonly enabled: boolean; readonly previews_enabled: boolean };
}

type Of = Pick<Api, "catalog">;

/** The settings of a script, whether there is one or not. */
export async function scriptSettings({ catalog }: Of, script: string): Promise<ScriptSettings> {
  return parse(await catalog.setting(settingOf(script)));
}

/** Replaces those that are given; null takes one away. */
export async function changeScriptSettings({ catalog }: Of, script: string, change: object): Promise<ScriptSettings> {
  let changed: ScriptSettings = {};
  await catalog.changeSetting(settingOf(script), (json) => {
    const merged = Object.entries({ ...parse(json), ...change }).filter(([, value]) => value !== null && value !== undefined);
    changed = Object.fromEntries(merged);
    return JSON.stringify(changed);
  });
  return changed;
}

/** The script is gone: its settings, its event triggers, its host names and its routes go with it. */
export async function clearScriptSettings({ catalog, hostNames }: Of & Pick<Api, "hostNames">, script: string): Promise<void> {
  await hostNames.replace(script, []);
  await hostNames.routes.replace(script, []);
  await catalog.putSetting(settingOf(script), "{}");
  await catalog.putSetting(triggersOf(script), "[]");
}

/** The name of the document that has a script's event triggers. */
export function triggersOf(script: string): string {
  return `triggers/${script}`;
}

function settingOf(script: string): string {
  return `script/${script}`;
}

function parse(json: string | undefined): ScriptSettings {
  return json === undefined ? {} : (JSON.parse(json) as ScriptSettings);
}
