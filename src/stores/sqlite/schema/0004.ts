/** Version 4 of the schema: KV namespaces, D1 databases and R2 buckets. */
export const schema0004: string = `
CREATE TABLE resources (
  type TEXT NOT NULL, -- kv, d1, r2
  id TEXT NOT NULL, -- of a bucket: its name
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (type, id),
  UNIQUE (type, name)
) STRICT;
`;
