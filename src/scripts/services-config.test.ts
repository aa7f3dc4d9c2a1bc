import { expect, test } from "vitest";
import { migrationsAfter, servicesBindings } from "./services-config.ts";

const migrations = [
  { tag: "v1", new_sqlite_classes: ["A"] },
  { tag: "v2", renamed_classes: [{ from: "A", to: "B" }] },
];

test.each([
  [undefined, { new_tag: "v2", steps: migrations }],
  ["v1", { old_tag: "v1", new_tag: "v2", steps: migrations.slice(1) }],
  ["v2", undefined],
])("after tag %s come the migrations that follow it", (tag, expected) => {
  expect(migrationsAfter(tag, { migrations })).toEqual(expected);
});

test("bindings of its own script do not name it", () => {
  const config = {
    services: [{ binding: "API", service: "api", entrypoint: "Api" }],
    durable_objects: {
      bindings: [
        { name: "A", class_name: "A", script_name: "shop" },
        { name: "B", class_name: "B", script_name: "other" },
      ],
    },
    migrations: [],
    assets: { binding: "ASSETS" },
  };
  expect(servicesBindings("shop", config)).toEqual([
    { type: "assets", name: "ASSETS" },
    { type: "service", name: "API", service: "api", entrypoint: "Api" },
    { type: "durable_object_namespace", name: "A", className: "A" },
    { type: "durable_object_namespace", name: "B", className: "B", script: "other" },
  ]);
});
