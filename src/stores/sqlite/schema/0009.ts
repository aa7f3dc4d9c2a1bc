/**
 * Version 9 of the schema: who wants to be told what of the instances of a workflow, and what they have not been told yet. Notices
 * are written by the commit that makes them true, and never get a key twice: who reads them goes by it.
 */
export const schema0009: string = `
CREATE TABLE event_subscriptions (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  workflow TEXT NOT NULL,
  queue TEXT NOT NULL, -- an id
  events TEXT NOT NULL, -- a JSON array
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE notices (
  pk INTEGER PRIMARY KEY AUTOINCREMENT,
  workflow TEXT NOT NULL,
  instance TEXT NOT NULL,
  version TEXT NOT NULL,
  event TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
`;
