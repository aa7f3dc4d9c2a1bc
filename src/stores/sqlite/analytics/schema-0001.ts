/** Version 1 of the schema of data points, which have a database of their own. */
export const analytics0001: string = `
CREATE TABLE points (
  n INTEGER PRIMARY KEY, -- grows: the newest point is never deleted
  dataset TEXT NOT NULL,
  at INTEGER NOT NULL,
  json TEXT NOT NULL -- [indexes, blobs, doubles]
) STRICT;
CREATE INDEX points_by_dataset ON points (dataset, n);
`;
