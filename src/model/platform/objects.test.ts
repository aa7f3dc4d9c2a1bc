import { expect, test } from "vitest";
import { checkExports, declareObjects, migrate, type MigrationStep, type ObjectClasses, type ObjectExport } from "./objects.ts";

let made = 0;
const after = (classes: ObjectClasses, ...steps: MigrationStep[]): ObjectClasses =>
  migrate(classes, { steps }, () => `n${(made += 1)}`);

test("new classes get namespaces of their own, whatever kind of storage they ask for", () => {
  made = 0;
  const classes = after({ namespaces: {} }, { new_sqlite_classes: ["A"] }, { new_classes: ["B"] });
  expect(classes).toEqual({ namespaces: { A: "n1", B: "n2" } });
});

test("a class that is renamed keeps its namespace, and its old name is free", () => {
  const classes = after({ namespaces: { A: "a" } }, { renamed_classes: [{ from: "A", to: "B" }] });
  expect(classes.namespaces).toEqual({ B: "a" });
  expect(after(classes, { new_sqlite_classes: ["A"] }).namespaces["A"]).not.toBe("a");
});

test("a class that is deleted and made again begins anew", () => {
  const classes = after({ namespaces: { A: "a" } }, { deleted_classes: ["A"] }, { new_sqlite_classes: ["A"] });
  expect(classes.namespaces["A"]).not.toBe("a");
});

test.each<[string, MigrationStep]>([
  ["to make what is there", { new_sqlite_classes: ["A"] }],
  ["to rename what is not there", { renamed_classes: [{ from: "X", to: "Y" }] }],
  ["to rename to what is there", { renamed_classes: [{ from: "B", to: "A" }] }],
  ["to delete what is not there", { deleted_classes: ["X"] }],
])("it is refused %s", (_, step) => {
  expect(() => after({ namespaces: { A: "a", B: "b" } }, step)).toThrow(
    expect.objectContaining({ failure: "objects.migration" }),
  );
});

test.each([
  [undefined, undefined, true],
  [undefined, "v1", false],
  ["v1", undefined, false],
  ["v1", "v1", true],
  ["v1", "v0", false],
])("from tag %s a migration that begins at %s: %s", (tag, old_tag, isFine) => {
  const classes = { namespaces: {}, ...(tag !== undefined && { tag }) };
  const go = (): ObjectClasses => migrate(classes, { old_tag, new_tag: "v2", steps: [] }, () => "");
  if (isFine) expect(go()).toEqual({ tag: "v2", namespaces: {} });
  else expect(go).toThrow(expect.objectContaining({ failure: "objects.tag" }));
});

test("code that lacks a class with objects is refused", () => {
  const classes = { namespaces: { A: "a" } };
  expect(() => checkExports(classes, ["B"])).toThrow(expect.objectContaining({ failure: "objects.class_missing" }));
  expect(() => checkExports(classes, ["A", "B"])).not.toThrow();
  expect(() => checkExports(classes, undefined)).not.toThrow();
});

test.each<[string, Record<string, string>, Record<string, ObjectExport>, Record<string, string>]>([
  ["made when they are new", { A: "a" }, { A: {}, B: { state: "created" } }, { A: "a", B: "new" }],
  ["renamed, with what they have kept", { A: "a" }, { A: { state: "renamed", renamed_to: "B" }, B: {} }, { B: "a" }],
  ["not renamed a second time", { B: "b" }, { A: { state: "renamed", renamed_to: "B" }, B: {} }, { B: "b" }],
  ["deleted, and once", { A: "a" }, { A: { state: "deleted" }, X: { state: "deleted" } }, {}],
  ["left alone when they are not named", { A: "a" }, {}, { A: "a" }],
])("classes that are declared are %s", (_, namespaces, exports, expected) => {
  const declared = declareObjects({ tag: "v1", namespaces }, exports, () => "new");
  expect(declared).toEqual({ tag: "v1", namespaces: expected });
  expect(declareObjects(declared, exports, () => "again")).toEqual(declared);
});

test.each<ObjectExport["state"]>(["transferred", "expecting-transfer"])("declaring a class as %s is refused", (state) => {
  expect(() => declareObjects({ namespaces: {} }, { A: { state } }, () => "new")).toThrow(
    expect.objectContaining({ failure: "objects.migration" }),
  );
});
