/** Shared by the commands for tokens and users: opens the data directory, also while a server runs, and writes the audit log. */
import type { CredentialStore } from "../../ports/catalog/credentials.ts";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { resolve } from "node:path";
import { isRole, ROLES, type Role } from "../../model/platform/roles.ts";
import { sqliteAudit } from "../../stores/sqlite/audit/audit.ts";
import { openSqliteCatalog } from "../../stores/sqlite/open.ts";
import { auditIn, databaseIn } from "../../assembly/data-directory.ts";
import { UsageError } from "../../assembly/explain.ts";

/** Writes to the audit log what has been done, and to what. */
export type Note = (action: string, target: string) => Promise<void>;

/** Does something with the catalogue of a data directory. */
export async function onCatalog(data: string, work: (catalog: CredentialStore, note: Note) => Promise<void>): Promise<void> {
  const folder = resolve(data);
  if (!existsSync(databaseIn(folder)))
    throw new UsageError(`No data found in ${folder}: set --data to the data directory of a server`);
  const opened = await openSqliteCatalog(databaseIn(folder));
  try {
    await work(opened.catalog, (action, target) => note(folder, action, target));
  } finally {
    opened.close();
  }
}

/** The role that a command line names. */
export function roleOf(text: string): Role {
  if (!isRole(text)) throw new UsageError(`--role is ${ROLES.join(", ")}, not "${text}"`);
  return text;
}

async function note(folder: string, action: string, target: string): Promise<void> {
  const { username } = userInfo();
  const who = { kind: "command", id: username, name: username, role: "admin" } as const;
  const audit = sqliteAudit(auditIn(folder));
  try {
    await audit.add([{ at: Date.now(), who, method: "CLI", action, target, address: "", status: 200, code: null }]);
  } finally {
    await audit.close();
  }
}
