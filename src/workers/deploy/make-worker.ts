/** Makes a Worker that has no version yet. */
import { Failure } from "../../model/failures/failure.ts";
import type { Deployed } from "../../ports/catalog/catalog.ts";
import { workerTimes } from "../versions/scripts.ts";
import { change } from "./change.ts";
import { mergedSettings } from "./change-script-settings.ts";

/** `settings` as `changeScriptSettings` takes them. Fails with `script.already_exists`. */
export function makeWorker(catalog: Deployed, name: string, settings: object, createdAt: number): Promise<void> {
  return change(catalog, async () => {
    if ((await workerTimes(catalog, name)) !== undefined) throw new Failure("script.already_exists", { field: "name" });
    const merged = mergedSettings(await catalog.scriptSettings(name), settings);
    return {
      edits: [
        { type: "made_worker", worker: { name, createdAt } },
        { type: "script_settings", script: name, settings: merged },
      ],
      result: undefined,
    };
  });
}
