/**
 * Version 7 of the schema: the errors that instances have ended with, in short, to be searched and grouped. One row an errored
 * instance; it goes when the instance is restarted or deleted. `errors_text` finds three letters at a time and keeps no text.
 */
export const schema0007: string = `
CREATE TABLE error_groups (
  pk INTEGER PRIMARY KEY,
  workflow INTEGER NOT NULL, -- names.pk
  fingerprint TEXT NOT NULL,
  instances INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  first_version INTEGER NOT NULL, -- names.pk
  name TEXT NOT NULL, -- this and the rest: of the newest
  message TEXT NOT NULL,
  step TEXT,
  frame TEXT,
  UNIQUE (workflow, fingerprint)
) STRICT;
CREATE INDEX error_groups_by_time ON error_groups (last_seen);
CREATE INDEX error_groups_by_workflow ON error_groups (workflow, last_seen);
CREATE INDEX error_groups_by_fingerprint ON error_groups (fingerprint);

CREATE TABLE errors (
  instance INTEGER PRIMARY KEY, -- instances.pk
  workflow INTEGER NOT NULL, -- names.pk
  created_at INTEGER NOT NULL, -- of the instance
  error_group INTEGER NOT NULL, -- error_groups.pk
  name TEXT NOT NULL,
  message TEXT NOT NULL,
  step TEXT,
  frame TEXT
) STRICT;
CREATE INDEX errors_by_creation ON errors (workflow, created_at);
CREATE INDEX errors_by_group ON errors (error_group, created_at);
CREATE VIRTUAL TABLE errors_text USING fts5 (text, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram');

CREATE INDEX instances_by_version ON instances (workflow, version, created_at);
`;
