/**
 * Version 5 of the schema: code is stored once, by what it is, however many versions of a script have it. What there was
 * before keeps a copy for each version.
 */
export const schema0005: string = `
CREATE TABLE script_code (
  hash TEXT NOT NULL UNIQUE, -- SHA-256 of the rest, or the id of a version that is older than this table
  code TEXT NOT NULL,
  source_map TEXT,
  modules TEXT
) STRICT;
INSERT INTO script_code (hash, code, source_map, modules) SELECT id, code, source_map, modules FROM script_versions;
ALTER TABLE script_versions ADD COLUMN code_hash TEXT NOT NULL DEFAULT '';
UPDATE script_versions SET code_hash = id;
ALTER TABLE script_versions DROP COLUMN code;
ALTER TABLE script_versions DROP COLUMN source_map;
ALTER TABLE script_versions DROP COLUMN modules;
CREATE INDEX script_versions_by_code ON script_versions (code_hash);
`;
