/** The audit log in memory, for tests. */
import { LIMITS } from "../../model/limits.ts";
import type { AuditEntry, AuditLog, AuditQuery, StoredAuditEntry } from "../../ports/audit-log.ts";

/** An empty one. */
export function memoryAudit(): AuditLog {
  let stored: StoredAuditEntry[] = [];
  let n = 0;
  return {
    add: async (entries: readonly AuditEntry[]) => {
      for (const entry of entries) stored.push({ ...entry, n: (n += 1) });
      for (const action of new Set(entries.map((each) => each.action))) {
        const spare = new Set(stored.filter((each) => each.action === action).slice(0, -LIMITS.auditEntries));
        if (spare.size > 0) stored = stored.filter((each) => !spare.has(each));
      }
    },
    list: async (query) => stored.filter(isWanted(query)).toReversed().slice(0, query.limit),
    verify: async () => {},
    close: async () => {},
  };
}

function isWanted({ who, action, from, to, before }: AuditQuery): (entry: StoredAuditEntry) => boolean {
  const isOf = (entry: StoredAuditEntry, text: string): boolean =>
    entry.who !== null && (entry.who.name.toLowerCase().includes(text.toLowerCase()) || entry.who.id === text);
  return (entry) =>
    (before === undefined || entry.n < before) &&
    (from === undefined || entry.at >= from) &&
    (to === undefined || entry.at < to) &&
    (action === undefined || entry.action.includes(action)) &&
    (who === undefined || isOf(entry, who));
}
