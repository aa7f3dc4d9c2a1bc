/**
 * Version 1 of the schema. Never edited once released: later versions are further files.
 *
 * The journal grows at its end only: its key is a plain row id, so that a batch touches few pages, and an index finds an
 * instance's rows. So do the chunks of streams in `blobs`; ranges of streams that are to be deleted, a few chunks a commit, are
 * in `void_streams`. Names that every instance would repeat — of workflows and of versions — are kept once, in `names`.
 */
export const schema0001: string = `
CREATE TABLE lease (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  owner TEXT NOT NULL,
  epoch INTEGER NOT NULL
) STRICT;
INSERT INTO lease VALUES (1, '', 0);

CREATE TABLE names (
  pk INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE instances (
  pk INTEGER PRIMARY KEY,
  workflow INTEGER NOT NULL, -- names.pk
  id TEXT NOT NULL,
  status TEXT NOT NULL,
  version INTEGER NOT NULL, -- names.pk
  trigger_source TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  wake_at INTEGER,
  expires_at INTEGER
) STRICT;
CREATE UNIQUE INDEX instances_by_id ON instances (workflow, id);
-- Every index ends with the row id, which is pk: these two are in the order of lists. What is ready to run is found by
-- workflow, so that passing over one with a million instances costs nothing.
CREATE INDEX instances_by_creation ON instances (workflow, created_at);
CREATE INDEX instances_by_status ON instances (workflow, status, created_at);
CREATE INDEX instances_due ON instances (workflow, wake_at) WHERE status = 'waiting' AND wake_at IS NOT NULL;
CREATE INDEX instances_expiring ON instances (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX instances_interrupted ON instances (pk) WHERE status IN ('running', 'waitingForPause', 'rollingBack');

CREATE TABLE status_counts (
  workflow INTEGER NOT NULL, -- names.pk
  status TEXT NOT NULL,
  instances INTEGER NOT NULL,
  PRIMARY KEY (workflow, status)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
  id INTEGER PRIMARY KEY,
  instance INTEGER NOT NULL, -- instances.pk
  seq INTEGER NOT NULL,
  first_event_id INTEGER NOT NULL,
  events TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX journal_by_instance ON journal (instance, seq);

CREATE TABLE blobs (
  id INTEGER PRIMARY KEY,
  instance INTEGER NOT NULL, -- instances.pk
  stream INTEGER NOT NULL,
  chunk INTEGER NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX blobs_by_stream ON blobs (instance, stream, chunk);

CREATE TABLE void_streams (
  id INTEGER PRIMARY KEY,
  instance INTEGER NOT NULL, -- what was instances.pk
  first INTEGER NOT NULL,
  last INTEGER NOT NULL
) STRICT;

CREATE TABLE workflows (
  pk INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  id TEXT NOT NULL,
  class_name TEXT NOT NULL,
  script TEXT NOT NULL,
  version_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL
) STRICT;

CREATE TABLE workflow_versions (
  pk INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  workflow TEXT NOT NULL,
  class_name TEXT NOT NULL,
  script_version_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  settings TEXT NOT NULL,
  graph TEXT
) STRICT;
CREATE INDEX workflow_versions_by_workflow ON workflow_versions (workflow, created_at);

CREATE TABLE schedules (
  workflow TEXT NOT NULL,
  cron TEXT NOT NULL,
  followed_to INTEGER NOT NULL,
  PRIMARY KEY (workflow, cron)
) STRICT, WITHOUT ROWID;

CREATE TABLE scripts (
  name TEXT PRIMARY KEY,
  active_version_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE script_versions (
  id TEXT NOT NULL UNIQUE,
  script TEXT NOT NULL,
  hash TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  bindings TEXT NOT NULL,
  compatibility_date TEXT,
  compatibility_flags TEXT NOT NULL,
  source_map TEXT,
  code TEXT NOT NULL
) STRICT;

CREATE TABLE tokens (
  pk INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL,
  hash TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  json TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
