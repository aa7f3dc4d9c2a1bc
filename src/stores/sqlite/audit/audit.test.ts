import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { auditEntry, auditLogContract } from "../../../../test/contracts/audit-log.ts";
import { sqliteAudit } from "./audit.ts";

const folder = mkdtempSync(join(tmpdir(), "stepwell-audit-"));
afterAll(() => rmSync(folder, { recursive: true }));

let last = 0;
const fresh = (): string => join(folder, "deep", `${(last += 1)}.db`);

auditLogContract("sqlite", () => sqliteAudit(fresh()));

test("what was written is there when the file is opened again, and two may write", async () => {
  const file = fresh();
  const [server, command] = [sqliteAudit(file), sqliteAudit(file)];
  await server.add([auditEntry(1)]);
  await command.add([auditEntry(2)]);
  await server.add([auditEntry(3)]);
  await Promise.all([server.close(), command.close()]);
  const again = sqliteAudit(file);
  expect((await again.list({ limit: 10 })).map(({ at }) => at)).toEqual([3, 2, 1]);
  await again.close();
});
