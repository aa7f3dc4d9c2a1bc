/**
 * Version 3 of the schema: rows of the journal that are void (of instances that were deleted, or of lives before a restart)
 * are deleted a few at a time.
 */
export const schema0003: string = `
CREATE TABLE void_rows (
  instance INTEGER PRIMARY KEY, -- what is, or was, instances.pk
  below INTEGER NOT NULL -- a seq: rows before it are void
) STRICT;
`;
