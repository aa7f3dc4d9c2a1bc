/**
 * Version 9 of the schema: subscriptions to events of a workflow's instances, and the notices that are not delivered yet. Notices
 * are written by the commit that makes them true. A key is never used twice: readers rely on it.
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
