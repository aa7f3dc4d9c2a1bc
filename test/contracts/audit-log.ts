/** What holds for every audit log. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../src/model/limits.ts";
import type { AuditEntry, AuditLog, AuditQuery } from "../../src/ports/logs/audit-log.ts";

const ADA = { kind: "user", id: "ada", name: "Ada", role: "operator" } as const;

/** An audit entry at a time, by Ada unless overridden. */
export function auditEntry(at: number, more: Partial<AuditEntry> = {}): AuditEntry {
  const what = { method: "POST", action: "workflows.instances.create", target: "orders/1", address: "192.0.2.1" };
  return { at, who: ADA, ...what, status: 200, code: null, ...more };
}

/** Declares the tests. `open` opens a new and empty one. */
export function auditLogContract(name: string, open: () => AuditLog): void {
  describe(`audit log contract: ${name}`, () => {
    let log: AuditLog;

    beforeEach(() => {
      log = open();
    });
    afterEach(() => log.close());

    const times = async (query: Partial<AuditQuery> = {}): Promise<number[]> =>
      (await log.list({ limit: 100, ...query })).map(({ at }) => at);

    test("entries come back as they were, newest first, a part at a time", async () => {
      const entries = [
        auditEntry(1),
        auditEntry(2, { who: null, action: "session.create", target: "", status: 403, code: 11_015 }),
        auditEntry(2, { method: "DELETE" }),
      ];
      await log.add(entries.slice(0, 1));
      await log.add([]);
      await log.add(entries.slice(1));
      const found = await log.list({ limit: 2 });
      expect(found).toMatchObject([{ ...entries[2] }, { ...entries[1] }]);
      const rest = await log.list({ limit: 2, before: found[1]?.n });
      expect(rest).toMatchObject([{ ...entries[0] }]);
      expect(await log.list({ limit: 2, before: rest[0]?.n })).toEqual([]);
    });

    test("entries are found by principal, by action and by time", async () => {
      await log.add([
        auditEntry(10),
        auditEntry(20, { who: { kind: "token", id: "t-1", name: "ci%", role: "admin" } }),
        auditEntry(30, { who: null, action: "session.create" }),
      ]);
      expect(await times({ who: "aDa" })).toEqual([10]);
      expect(await times({ who: "t-1" })).toEqual([20]);
      expect(await times({ who: "t-" })).toEqual([]);
      expect(await times({ who: "%" })).toEqual([20]);
      expect(await times({ action: "instances" })).toEqual([20, 10]);
      expect(await times({ action: "session.create" })).toEqual([30]);
      expect(await times({ from: 20, to: 30 })).toEqual([20]);
      expect(await times({ from: 10, action: "instances", who: "ada" })).toEqual([10]);
    });

    test("of an action the newest stay, and much of it takes nothing from others", async () => {
      await log.add([auditEntry(1, { action: "tokens.create" })]);
      const many = Array.from({ length: 2 * LIMITS.auditEntries }, (_, i) => auditEntry(i + 10));
      for (let i = 0; i < many.length; i += 500) await log.add(many.slice(i, i + 500));
      const kept = await times({ limit: 3 * LIMITS.auditEntries, action: "instances" });
      expect(kept.length).toBeGreaterThanOrEqual(LIMITS.auditEntries);
      expect(kept.length).toBeLessThanOrEqual(LIMITS.auditEntries * 1.1);
      expect(kept[0]).toBe(many.at(-1)?.at);
      expect(await times({ action: "tokens" })).toEqual([1]);
    });
  });
}
