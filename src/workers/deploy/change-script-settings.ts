/** Changes the settings that all versions of a script share. */
import type { Deployed } from "../../ports/catalog/catalog.ts";
import type { ScriptSettings } from "../../ports/catalog/workers.ts";
import { change } from "./change.ts";

/** Replaces those that are given; null takes one away. `check` fails when there is no such script. Answers all of them. */
export function changeScriptSettings(
  catalog: Deployed,
  script: string,
  given: object,
  check: (catalog: Deployed, script: string) => Promise<unknown>,
): Promise<ScriptSettings> {
  return change(catalog, async () => {
    await check(catalog, script);
    const settings = mergedSettings(await catalog.scriptSettings(script), given);
    return { edits: [{ type: "script_settings", script, settings }], result: settings };
  });
}

/** The settings after a change. */
export function mergedSettings(before: ScriptSettings, given: object): ScriptSettings {
  return Object.fromEntries(Object.entries({ ...before, ...given }).filter(([, value]) => value !== null && value !== undefined));
}
