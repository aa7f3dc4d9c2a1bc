/** Emails that Workers have sent, in a SQLite file of their own, which is made with the first of them. */
import { existsSync } from "node:fs";
import { LIMITS } from "../../../model/limits.ts";
import type { EmailStore, KeptEmail } from "../../../ports/logs/emails.ts";
import { checkFile, connectReader, openingFailure, type Database } from "../connection/database.ts";
import { migrate } from "../connection/migrate.ts";
import { queries, type Row } from "../connection/queries.ts";
import { emails0001 } from "./schema-0001.ts";

const ADD = `INSERT INTO emails (message_id, at, script, sender, recipients, subject, text, html, raw, error)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const TRIM = "DELETE FROM emails WHERE n <= (SELECT max(n) FROM emails) - ?";

/** Opens a file; its folder has to be there. */
export function sqliteEmails(file: string): EmailStore {
  let opened: Database | undefined;
  const db = (): Database => (opened ??= connect(file));
  return {
    add: async ({ messageId, at, script, from, to, subject, text, html, raw, error }) => {
      const { within, run } = queries(db());
      within(() => {
        run(ADD, messageId, at, script, from, JSON.stringify(to), subject, text, html, raw, error);
        run(TRIM, LIMITS.emailsKept);
      });
    },
    list: async (limit) => {
      if (opened === undefined && file !== ":memory:" && !existsSync(file)) return [];
      return queries(db()).all("SELECT * FROM emails ORDER BY n DESC LIMIT ?", limit).map(toEmail);
    },
    verify: async () => {
      if (opened !== undefined) checkFile(opened);
    },
    close: async () => opened?.close(),
  };
}

function connect(file: string): Database {
  try {
    const db = connectReader(file);
    migrate(db, file, [emails0001]);
    return db;
  } catch (cause) {
    throw openingFailure(file, cause);
  }
}

function toEmail({ n: _n, message_id: messageId, sender: from, recipients, ...rest }: Row): KeptEmail {
  return { ...rest, messageId, from, to: JSON.parse(String(recipients)) as string[] } as unknown as KeptEmail;
}
