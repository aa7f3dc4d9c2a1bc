/** Version 1 of the schema of queues, which have a database of their own: without queues there is no such file. */
export const queues0001: string = `
CREATE TABLE queues (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  json TEXT NOT NULL -- the whole of it
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
  pk INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: a consumer may still speak of one that is gone
  queue TEXT NOT NULL,
  id TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  visible_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  content_type TEXT NOT NULL,
  body TEXT NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_by_queue ON messages (queue, visible_at, pk, expires_at);
CREATE INDEX messages_by_expiry ON messages (expires_at);
`;
