/** The audit log in a SQLite file of its own. The command line writes to it as well, while a server has it open. */
import { LIMITS } from "../../../model/limits.ts";
import type { Principal } from "../../../model/platform/roles.ts";
import type { AuditEntry, AuditLog, AuditQuery, StoredAuditEntry } from "../../../ports/logs/audit-log.ts";
import { checkFile } from "../connection/database.ts";
import { count, queries, type Queries, type Row } from "../connection/queries.ts";
import { audit0001 } from "./schema-0001.ts";
import { openOwn } from "../connection/own-file.ts";

const ADD = `INSERT INTO entries (at, kind, id, name, role, method, action, target, address, status, code)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const TRIM = `DELETE FROM entries WHERE action = ? AND n <=
  (SELECT n FROM entries WHERE action = ? ORDER BY n DESC LIMIT 1 OFFSET ?)`;

/** How many more than may stay are waited for, so that trimming is rare. */
const SLACK = 1_000;

/** More entries than this at once are a crowd. */
const CROWD = 20;

/** Opens a file, which is made, like its directories, when it is not there. Throws `Failure`s as `openSqlite` rejects with. */
export function sqliteAudit(file: string): AuditLog {
  const db = openOwn(file, [audit0001]);
  const query = queries(db);
  const counts = new Map<string, number>();
  let isFlushed = true;
  let isUncertain = false;
  /**
   * A sync that fails is not repeated by the kernel: entries of a crowd may be missing in the log on disk, and with them would be all
   * that is flushed after them. What the log holds is copied to the database, which is flushed.
   */
  const makeCertain = (): void => {
    isUncertain = query.one("PRAGMA wal_checkpoint(TRUNCATE)")?.["busy"] !== 0;
  };
  return {
    add: async (entries) => {
      if (entries.length === 0) return;
      // The thread would stand still for each flush. A crowd's entries reach the disk in order all the same, with the next one's.
      if (isFlushed !== entries.length <= CROWD) db.exec(`PRAGMA synchronous = ${isFlushed ? "NORMAL" : "FULL"}`);
      isFlushed = entries.length <= CROWD;
      if (isUncertain) makeCertain();
      try {
        query.within(() => add(query, counts, entries));
      } catch (cause) {
        isUncertain = true;
        throw cause;
      }
    },
    list: async (wanted) => list(query, wanted),
    verify: async () => checkFile(db),
    close: async () => db.close(),
  };
}

function add({ one, run }: Queries, counts: Map<string, number>, entries: readonly AuditEntry[]): void {
  for (const { at, who, method, action, target, address, status, code } of entries) {
    const { kind = null, id = null, name = null, role = null } = who ?? {};
    run(ADD, at, kind, id, name, role, method, action, target, address, status, code);
  }
  for (const action of new Set(entries.map((each) => each.action))) {
    const known = counts.get(action);
    const added = entries.filter((each) => each.action === action).length;
    // Counted once, from then on known: what the command line adds meanwhile is little.
    const now = known === undefined ? count(one("SELECT count(*) AS n FROM entries WHERE action = ?", action)) : known + added;
    if (now > LIMITS.auditEntries + SLACK) run(TRIM, action, action, LIMITS.auditEntries);
    counts.set(action, Math.min(now, now > LIMITS.auditEntries + SLACK ? LIMITS.auditEntries : now));
  }
}

function list({ all }: Queries, { who, action, from, to, before, limit }: AuditQuery): StoredAuditEntry[] {
  const wanted: [sql: string, ...values: (string | number)[]][] = [
    ...(before === undefined ? [] : [["n < ?", before] as [string, number]]),
    ...(from === undefined ? [] : [["at >= ?", from] as [string, number]]),
    ...(to === undefined ? [] : [["at < ?", to] as [string, number]]),
    ...(action === undefined ? [] : [["instr(action, ?) > 0", action] as [string, string]]),
    ...(who === undefined ? [] : [["(instr(lower(name), lower(?)) > 0 OR id = ?)", who, who] as [string, string, string]]),
  ];
  const where = wanted.length === 0 ? "" : `WHERE ${wanted.map(([sql]) => sql).join(" AND ")}`;
  const values = wanted.flatMap(([, ...each]) => each);
  return all(`SELECT * FROM entries ${where} ORDER BY n DESC LIMIT ?`, ...values, limit).map(toEntry);
}

function toEntry({ kind, id, name, role, ...rest }: Row): StoredAuditEntry {
  const who = kind === null ? null : ({ kind, id, name, role } as Principal);
  return { ...rest, who } as unknown as StoredAuditEntry;
}
