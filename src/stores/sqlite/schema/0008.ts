/** Version 8 of the schema: what happened to the instances of each workflow, hour by hour. Old hours are deleted. */
export const schema0008: string = `
CREATE TABLE hourly (
  hour INTEGER NOT NULL, -- epoch milliseconds
  workflow INTEGER NOT NULL, -- names.pk
  created INTEGER NOT NULL,
  complete INTEGER NOT NULL,
  errored INTEGER NOT NULL,
  terminated INTEGER NOT NULL,
  PRIMARY KEY (hour, workflow)
) STRICT, WITHOUT ROWID;
`;
