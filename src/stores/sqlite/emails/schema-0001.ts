/** Version 1 of the schema of emails, which have a database of their own. */
export const emails0001: string = `
CREATE TABLE emails (
  n INTEGER PRIMARY KEY, -- grows: the newest email is never deleted
  message_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  script TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipients TEXT NOT NULL, -- JSON
  subject TEXT NOT NULL,
  text TEXT,
  html TEXT,
  raw TEXT,
  error TEXT
) STRICT;
`;
