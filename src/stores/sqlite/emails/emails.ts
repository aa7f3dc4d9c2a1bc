/** Emails that Workers have sent, in a SQLite file of their own, which is made with the first of them. */
import { LIMITS } from "../../../model/limits.ts";
import type { EmailStore, KeptEmail } from "../../../ports/logs/emails.ts";
import type { Row } from "../connection/queries.ts";
import { emails0001 } from "./schema-0001.ts";
import { OwnFile } from "../connection/own-file.ts";

const ADD = `INSERT INTO emails (message_id, at, script, sender, recipients, subject, text, html, raw, error)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const TRIM = "DELETE FROM emails WHERE n <= (SELECT max(n) FROM emails) - ?";

/** Opens a file. */
export function sqliteEmails(file: string): EmailStore {
  const own = new OwnFile(file, [emails0001]);
  return {
    add: async ({ messageId, at, script, from, to, subject, text, html, raw, error }) => {
      const { within, run } = own.made();
      within(() => {
        run(ADD, messageId, at, script, from, JSON.stringify(to), subject, text, html, raw, error);
        run(TRIM, LIMITS.emailsKept);
      });
    },
    list: async (limit) => own.known()?.all("SELECT * FROM emails ORDER BY n DESC LIMIT ?", limit).map(toEmail) ?? [],
    verify: async () => own.verify(),
    close: async () => own.close(),
  };
}

function toEmail({ n: _n, message_id: messageId, sender: from, recipients, ...rest }: Row): KeptEmail {
  return { ...rest, messageId, from, to: JSON.parse(String(recipients)) as string[] } as unknown as KeptEmail;
}
