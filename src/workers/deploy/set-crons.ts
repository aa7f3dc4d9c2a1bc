/** Sets the cron triggers of a script. */
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Deployed } from "../../ports/catalog/catalog.ts";
import type { CatalogEdit } from "../../ports/catalog/edits.ts";
import type { Timetable, TimetableEntry } from "../../ports/timetable.ts";
import { activeVersion } from "../versions/scripts.ts";
import { change } from "./change.ts";

/**
 * Replaces those of a script; one that it had already goes on from where it is, others begin at `from`. The engine has to look
 * at the timetable after that.
 *
 * @throws Failure `script.not_found`; `body` when there would be too many in all.
 */
export function setCrons(catalog: Deployed, script: string, crons: readonly string[], from: number): Promise<void> {
  return change(catalog, async () => {
    await activeVersion(catalog, script);
    return { edits: [await cronsEdit(catalog, script, crons, from)], result: undefined };
  });
}

/** What `setCrons` changes. Fails with `body` when there would be too many in all. */
export async function cronsEdit(
  catalog: Timetable,
  script: string,
  crons: readonly string[],
  from: number,
): Promise<CatalogEdit> {
  const others = (await catalog.timetable("script")).filter(({ owner }) => owner !== script);
  const all = others.length + new Set(crons).size;
  if (crons.length > 0 && all > LIMITS.cronTriggers)
    throw new Failure("body", { detail: `There would be ${all} cron triggers; ${LIMITS.cronTriggers} are possible` });
  return { type: "crons", kind: "script", owner: script, crons, from };
}

/** Those of a script, in the order in which they were given. */
export async function cronsOf(catalog: Timetable, script: string): Promise<TimetableEntry[]> {
  return (await catalog.timetable("script")).filter(({ owner }) => owner === script);
}
