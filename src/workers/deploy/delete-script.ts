/** Deletes a Worker with all that goes with it. */
import { Failure } from "../../model/failures/failure.ts";
import type { Deployed } from "../../ports/catalog/catalog.ts";
import { referencesTo } from "../versions/references.ts";
import { change } from "./change.ts";

interface Parts {
  readonly catalog: Deployed;
  readonly queues: { removeOrphans(): Promise<void> };
}

/**
 * Deletes a Worker, deployed or not. Its workflows stay with their instances. The engine has to look at the timetable after that.
 *
 * @throws Failure `script.not_found`; `script.referenced` when others are bound to it, unless it is forced.
 */
export async function deleteScript({ catalog, queues }: Parts, script: string, isForced: boolean): Promise<void> {
  await change(catalog, async () => {
    if (!isForced) await refuseReferenced(catalog, script);
    const made = (await catalog.madeWorkers()).some(({ name }) => name === script);
    if (!made && (await catalog.activeScript(script)) === undefined)
      throw new Failure("script.not_found", { field: "script_name" });
    return { edits: [{ type: "script_removal", script }], result: undefined };
  });
  await queues.removeOrphans();
}

async function refuseReferenced(catalog: Deployed, script: string): Promise<void> {
  const scripts = new Set((await referencesTo(catalog, script)).map((each) => each.script));
  if (scripts.size === 0) return;
  const detail = `This Worker is still used by ${[...scripts].join(", ")}: deploy without that binding first, or delete with force=true`;
  throw new Failure("script.referenced", { field: "script_name", detail });
}
