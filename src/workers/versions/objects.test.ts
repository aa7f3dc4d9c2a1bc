/** Which migrations of a project are still to be applied. */
import { expect, test } from "vitest";
import { migrationsAfter } from "./objects.ts";

const migrations = [
  { tag: "v1", new_sqlite_classes: ["A"] },
  { tag: "v2", renamed_classes: [{ from: "A", to: "B" }] },
];

test.each([
  [undefined, { new_tag: "v2", steps: migrations }],
  ["v1", { old_tag: "v1", new_tag: "v2", steps: migrations.slice(1) }],
  ["v2", undefined],
])("after tag %s come the migrations that follow it", (tag, expected) => {
  expect(migrationsAfter(tag, migrations)).toEqual(expected);
});
