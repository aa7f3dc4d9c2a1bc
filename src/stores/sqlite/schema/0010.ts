/** Version 10 of the schema: schedules of workflows and cron triggers of scripts are one table. The latter were JSON. */
export const schema0010: string = `
CREATE TABLE timetable (
  kind TEXT NOT NULL, -- workflow, script
  owner TEXT NOT NULL,
  cron TEXT NOT NULL,
  position INTEGER NOT NULL, -- among those of the owner
  followed_to INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (kind, owner, cron)
) STRICT, WITHOUT ROWID;
INSERT INTO timetable SELECT 'workflow', workflow, cron, row_number() OVER (), followed_to, followed_to FROM schedules;
INSERT INTO timetable
  SELECT 'script', value ->> 'script', value ->> 'cron', key, value ->> 'followedTo', value ->> 'createdAt'
  FROM settings, json_each(settings.json) WHERE settings.name = 'cron_triggers';
DROP TABLE schedules;
DELETE FROM settings WHERE name = 'cron_triggers';
`;
