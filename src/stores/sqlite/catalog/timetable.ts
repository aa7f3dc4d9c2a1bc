/** What comes round by cron expressions. */
import type { CronsEdit } from "../../../ports/catalog/edits.ts";
import type { Timetable, TimetableEntry } from "../../../ports/timetable.ts";
import type { Queries, Run } from "../connection/queries.ts";

const ENTRY = "SELECT kind, owner, cron, followed_to AS lastFiredAt, created_at AS createdAt FROM timetable";

const FOLLOW = "UPDATE timetable SET followed_to = max(followed_to, ?) WHERE kind = ? AND owner = ? AND cron = ?";

/** Entries that stay take the place that they have among the new ones, so that they are in the order in which they were given. */
const PUT = `INSERT INTO timetable (kind, owner, cron, position, followed_to, created_at)
  SELECT ?1, ?2, value, min(key), ?3, ?3 FROM json_each(?4) GROUP BY value
  ON CONFLICT DO UPDATE SET position = excluded.position`;

/** All of the table. */
export function timetable({ all, run }: Queries): Timetable {
  return {
    timetable: async (kind) => {
      const rows =
        kind === undefined
          ? all(`${ENTRY} ORDER BY kind, owner, position`)
          : all(`${ENTRY} WHERE kind = ? ORDER BY owner, position`, kind);
      return rows as unknown as TimetableEntry[];
    },
    follow: async ({ kind, owner, cron }, to) => void run(FOLLOW, to, kind, owner, cron),
  };
}

/** Within a transaction: these are the expressions of an owner from now on. */
export function putCrons(run: Run, { kind, owner, crons, from }: Omit<CronsEdit, "type">): void {
  const json = JSON.stringify(crons);
  run("DELETE FROM timetable WHERE kind = ? AND owner = ? AND cron NOT IN (SELECT value FROM json_each(?))", kind, owner, json);
  run(PUT, kind, owner, from, json);
}
