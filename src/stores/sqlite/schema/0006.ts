/** Version 6 of the schema: tokens have roles, and people have names and passwords. Tokens from before may do everything. */
export const schema0006: string = `
ALTER TABLE tokens ADD COLUMN role TEXT NOT NULL DEFAULT 'admin';
CREATE TABLE users (
  name TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  password TEXT NOT NULL, -- a salted hash, with the parameters that it was made with
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
