/**
 * Version 2 of the schema: scripts have numbered versions of several modules, and a history of which of them was in force.
 * What a version knows of itself besides its code is in `details`, as JSON.
 */
export const schema0002: string = `
ALTER TABLE script_versions ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE script_versions ADD COLUMN modules TEXT;
ALTER TABLE script_versions ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
UPDATE script_versions SET number = (
  SELECT count(*) FROM script_versions AS other WHERE other.script = script_versions.script AND other.rowid <= script_versions.rowid
);
CREATE UNIQUE INDEX script_versions_by_script ON script_versions (script, number);

CREATE TABLE deployments (
  pk INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  script TEXT NOT NULL,
  version_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  annotations TEXT NOT NULL
) STRICT;
CREATE INDEX deployments_by_script ON deployments (script);
INSERT INTO deployments (id, script, version_id, created_at, annotations)
  SELECT scripts.active_version_id, name, active_version_id, created_at, '{}'
  FROM scripts JOIN script_versions ON script_versions.id = active_version_id;

CREATE INDEX workflows_by_script ON workflows (script);
`;
