/** Version 1 of the schema of the audit log, which has a database of its own. */
export const audit0001: string = `
CREATE TABLE entries (
  n INTEGER PRIMARY KEY, -- grows: the newest entry is never deleted
  at INTEGER NOT NULL,
  kind TEXT, -- of who; null when nobody is known
  id TEXT,
  name TEXT,
  role TEXT,
  method TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  address TEXT NOT NULL,
  status INTEGER NOT NULL,
  code INTEGER
) STRICT;
CREATE INDEX entries_by_action ON entries (action, n);
`;
