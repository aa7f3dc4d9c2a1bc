/** When entries are written, and whose. */
import { expect, test } from "vitest";
import { LIMITS } from "../model/limits.ts";
import { LOCAL } from "../model/platform/roles.ts";
import type { AuditEntry, AuditLog } from "../ports/logs/audit-log.ts";
import { sqliteAudit } from "../stores/sqlite/audit/audit.ts";
import { auditEntry } from "../../test/contracts/audit-log.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { Audit } from "./audit.ts";

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Notes which entries were written together, by their times. */
function noted(): { log: AuditLog; batches: number[][] } {
  const batches: number[][] = [];
  const log = sqliteAudit(":memory:");
  const add = async (entries: readonly AuditEntry[]): Promise<void> => {
    batches.push(entries.map(({ at }) => at));
    await log.add(entries);
  };
  return { log: { ...log, add }, batches };
}

test("what comes after a pause is written at once, and a crowd together, in its order", async () => {
  const { log, batches } = noted();
  const clock = fakeClock();
  const audit = new Audit(log, { clock, log: silent });
  const at = clock.now();
  audit.record(auditEntry(at));
  clock.advance(0);
  for (const n of [1, 2, 3]) audit.record(auditEntry(at + n));
  clock.advance(999);
  await audit.flush();
  expect(batches).toEqual([[at], [at + 1, at + 2, at + 3]]);
  audit.record(auditEntry(at + 4));
  clock.advance(999);
  expect(batches).toHaveLength(2);
  clock.advance(1);
  await audit.flush();
  expect(batches[2]).toEqual([at + 4]);
  await audit.close();
});

test("a read finds all entries recorded before it, and closing writes the rest", async () => {
  const { log, batches } = noted();
  const audit = new Audit(log, { clock: fakeClock(), log: silent });
  audit.record(auditEntry(1));
  expect(await audit.list({ limit: 10 })).toMatchObject([{ at: 1, action: "workflows.instances.create" }]);
  audit.record(auditEntry(2));
  await audit.close();
  expect(batches).toEqual([[1], [2]]);
});

test("entries of unauthenticated callers cannot fill the audit log", async () => {
  const { log } = noted();
  const audit = new Audit(log, { clock: fakeClock(), log: silent });
  for (let i = 0; i < 3 * LIMITS.anonymousAuditEntriesPerMinute; i += 1)
    audit.record(auditEntry(1_000 + i, { who: null, status: 401 }));
  audit.record(auditEntry(5_000, { who: LOCAL }));
  audit.record(auditEntry(62_000, { who: null, status: 401 }));
  const found = await audit.list({ limit: 1_000 });
  expect(found).toHaveLength(LIMITS.anonymousAuditEntriesPerMinute + 2);
  expect(found[1]).toMatchObject({ at: 5_000, who: LOCAL });
});

test("a failed write is reported in the server's log, and its entries are written with later ones", async () => {
  const errors: string[] = [];
  const { log } = noted();
  let isBroken = true;
  const add = async (entries: readonly AuditEntry[]): Promise<void> => {
    if (isBroken) throw new Error("disk full");
    await log.add(entries);
  };
  const error = (message: string): void => void errors.push(message);
  const audit = new Audit({ ...log, add }, { clock: fakeClock(), log: { ...silent, error } });
  audit.record(auditEntry(1));
  await audit.flush();
  isBroken = false;
  audit.record(auditEntry(2));
  expect((await audit.list({ limit: 10 })).map(({ at }) => at)).toEqual([2, 1]);
  expect(errors).toEqual(["The audit log cannot be written"]);
});

test("what cannot be written is written later, in its order", async () => {
  const { log, batches } = noted();
  const clock = fakeClock();
  let fails = true;
  const add: AuditLog["add"] = (entries) => (fails ? Promise.reject(new Error("The disk is full")) : log.add(entries));
  const audit = new Audit({ ...log, add }, { clock, log: silent });
  for (const n of [1, 2]) audit.record(auditEntry(n));
  await audit.flush();
  audit.record(auditEntry(3));
  await audit.flush();
  expect(batches).toEqual([]);
  fails = false;
  clock.advance(2_000);
  await audit.flush();
  expect(batches).toEqual([[1, 2, 3]]);
  await audit.close();
  expect(clock.pending).toBe(0);
});
