/**
 * Version 11 of the schema: what were JSON documents in `settings` are tables. Settings of the account stay there: they are few,
 * and each is read as a whole. The order in which rows came is that of their row ids.
 */
export const schema0011: string = `
CREATE TABLE host_names (
  name TEXT NOT NULL UNIQUE,
  script TEXT NOT NULL
) STRICT;
INSERT INTO host_names SELECT key, value FROM settings, json_each(settings.json) WHERE name = 'host-names';

CREATE TABLE routes (
  pattern TEXT NOT NULL UNIQUE,
  script TEXT NOT NULL
) STRICT;
INSERT INTO routes SELECT key, value FROM settings, json_each(settings.json) WHERE name = 'routes';

CREATE TABLE concurrency_keys (
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  most INTEGER NOT NULL, -- the limit
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL
) STRICT;
INSERT INTO concurrency_keys
  SELECT value ->> 'id', value ->> 'name', value ->> 'limit', value ->> 'createdAt', value ->> 'modifiedAt'
  FROM settings, json_each(settings.json) WHERE settings.name = 'concurrency-keys';

CREATE TABLE event_triggers (
  script TEXT NOT NULL,
  type TEXT NOT NULL,
  filter TEXT, -- a JSON object
  targets TEXT NOT NULL -- a JSON array
) STRICT;
INSERT INTO event_triggers
  SELECT substr(name, length('triggers/') + 1), value ->> 'type', value -> 'filter', value -> 'targets'
  FROM settings, json_each(settings.json) WHERE name GLOB 'triggers/*';

CREATE TABLE object_classes (
  script TEXT NOT NULL,
  name TEXT NOT NULL,
  namespace TEXT NOT NULL,
  UNIQUE (script, name)
) STRICT;
INSERT INTO object_classes
  SELECT substr(name, length('objects/') + 1), key, value
  FROM settings, json_each(settings.json, '$.namespaces') WHERE name GLOB 'objects/*';

CREATE TABLE object_migrations (
  script TEXT PRIMARY KEY,
  tag TEXT NOT NULL -- of the last one
) STRICT, WITHOUT ROWID;
INSERT INTO object_migrations
  SELECT substr(name, length('objects/') + 1), json ->> 'tag' FROM settings WHERE name GLOB 'objects/*' AND json ->> 'tag' IS NOT NULL;

CREATE TABLE script_settings (
  script TEXT NOT NULL,
  name TEXT NOT NULL,
  json TEXT NOT NULL, -- any value
  PRIMARY KEY (script, name)
) STRICT, WITHOUT ROWID;
INSERT INTO script_settings
  SELECT substr(settings.name, length('script/') + 1), key, settings.json -> fullkey
  FROM settings, json_each(settings.json) WHERE settings.name GLOB 'script/*';

CREATE TABLE made_workers (
  name TEXT NOT NULL UNIQUE, -- of a Worker that was made before it had a version
  created_at INTEGER NOT NULL
) STRICT;
INSERT INTO made_workers
  SELECT value ->> 'name', value ->> 'createdAt' FROM settings, json_each(settings.json) WHERE settings.name = 'workers';

DELETE FROM settings WHERE name IN ('host-names', 'routes', 'concurrency-keys', 'workers')
  OR name GLOB 'triggers/*' OR name GLOB 'objects/*' OR name GLOB 'script/*';
`;
