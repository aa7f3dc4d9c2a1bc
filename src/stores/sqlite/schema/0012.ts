/** Version 12 of the schema: stores of secrets that several Workers may read. */
export const schema0012: string = `
CREATE TABLE secrets_stores (
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL
) STRICT;

CREATE TABLE store_secrets (
  id TEXT NOT NULL UNIQUE,
  store TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL, -- sealed
  scopes TEXT NOT NULL, -- a JSON array
  comment TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL,
  UNIQUE (store, name)
) STRICT;
`;
