/** What the binding of a workflow answers (runtime.md §1.5, §12.4, §12.6 and §16). */
import { onPurpose, topic, type Action, type Difference, type Scenario } from "../scenario.ts";

const ONE = "return 1;";
type Draft = Parameters<typeof topic>[1][number];

const call = (name: string, script: readonly Action[], ...differences: readonly Difference[]): Draft => ({
  name: `binding-${name}`,
  differences,
  script,
  run: ONE,
});

const created = (name: string, options: unknown, ...differences: readonly Difference[]): Draft =>
  call(
    `create-${name}`,
    [
      ["create", options],
      ["wait", 150],
    ],
    ...differences,
  );

const invalidId = onPurpose(
  ["answers"],
  "§5.1, §16.4",
  "An invalid id has one text, in `create` as in batches; the local engine has another in `create` and the older batches.",
);

export const binding: readonly Scenario[] = topic("binding", [
  call("create-twice", [["create"], ["create"], ["end"]], onPurpose(["answers"], "§16.1", "The text is production's.")),
  call("get", [["create"], ["get", "it"], ["end"]]),
  call("get-missing", [["get", "missing"]]),
  call("get-invalid", [["get", "a b!"]]),
  call("verbs-on-missing", [["on", "missing"], ["pause"], ["resume"], ["terminate"], ["restart"], ["status"], ["delete"]]),
  created("id-of-100", { id: "i".repeat(100) }),
  created("id-of-101", { id: "i".repeat(101) }, invalidId),
  created("id-empty", { id: "" }, invalidId),
  created("id-leading-hyphen", { id: "-a" }, invalidId),
  created("id-leading-underscore", { id: "_a" }),
  created("id-with-dot", { id: "a.b" }, invalidId),
  created("id-with-space", { id: "a b" }, invalidId),
  created("id-number", { id: 7 }, onPurpose(["answers"], "§16.1", "The refusal says what was expected and what was given.")),
  created(
    "null",
    null,
    onPurpose(["answers"], "§16.1", "Nothing is as good as no options; the local engine throws a TypeError."),
  ),
  created("retention", { retention: { successRetention: "3 days", errorRetention: 60_000 } }),
  created(
    "retention-nonsense",
    { retention: { successRetention: "soon" } },
    onPurpose(
      ["answers", "status", "output", "events"],
      "§12.6",
      "A retention is checked, as documented; the local engine has none.",
    ),
  ),
  created("location-hint", { locationHint: "weur" }),
  call(
    "send-event-without-type",
    [["create"], ["end"], ["sendEvent", { payload: 1 }]],
    onPurpose(["answers"], "§11", "An event without a type can reach no waiter, so it is rejected."),
  ),
]);

const batch = (name: string, ...script: readonly Action[]): Draft => ({
  name: `batch-${name}`,
  script,
  run: ONE,
});

const nameless = onPurpose(
  ["answers"],
  "§16.3",
  "Every refusal begins with its name, in both forms; the local engine leaves `(body)` out in the older one.",
);

const many = (count: number): { id: string }[] => Array.from({ length: count }, (_, i) => ({ id: `i${i}` }));

export const batches: readonly Scenario[] = topic("batches", [
  batch("list", ["createBatch", [{ id: "a" }, { id: "b" }, { id: "c" }]], ["on", "c"], ["end"]),
  batch("list-random-ids", ["createBatch", [{}, {}]]),
  batch("list-existing", ["on", "b"], ["create"], ["end"], ["createBatch", [{ id: "a" }, { id: "b" }, { id: "c" }]]),
  batch("list-double", ["createBatch", [{ id: "a" }, { id: "a" }]]),
  { ...batch("list-empty", ["createBatch", []]), differences: [nameless] },
  batch("list-of-100", ["createBatch", many(100)]),
  { ...batch("list-of-101", ["createBatch", many(101)]), differences: [nameless] },
  { ...batch("list-invalid-id", ["createBatch", [{ id: "a" }, { id: "-b" }]], ["get", "a"]), differences: [invalidId] },
  batch("count", ["createBatch", { count: 3, params: 1 }]),
  batch("count-zero", ["createBatch", { count: 0 }]),
  batch("count-fraction", ["createBatch", { count: 1.5 }]),
  batch("count-text", ["createBatch", { count: "3" }]),
  batch("count-of-101", ["createBatch", { count: 101 }]),
  batch("instances", ["createBatch", { instances: [{ id: "a", params: 1 }, { id: "b" }] }], ["on", "b"], ["end"]),
  batch(
    "instances-existing",
    ["on", "b"],
    ["create"],
    ["end"],
    ["createBatch", { instances: [{ id: "a" }, { id: "b" }, { id: "a" }] }],
  ),
  batch("instances-empty", ["createBatch", { instances: [] }]),
  batch("instances-of-101", ["createBatch", { instances: many(101) }]),
  batch("instances-invalid-id", ["createBatch", { instances: [{ id: "a" }, { id: "-b" }] }], ["get", "a"]),
  batch("instances-reserved-id", ["createBatch", { instances: [{ id: "terminate" }] }]),
  batch("instances-reserved-prefix", ["createBatch", { instances: [{ id: `cf_${"0".repeat(64)}` }] }]),
  batch("instances-bad-retention", ["createBatch", { instances: [{ id: "a", retention: { successRetention: "soon" } }] }]),
  batch("neither", ["createBatch", {}]),
  batch("null", ["createBatch", null]),
  batch("delete", ["createBatch", many(3)], ["deleteBatch", ["i0", "i2"]], ["get", "i0"], ["get", "i1"]),
  batch("delete-missing", ["create"], ["end"], ["deleteBatch", ["it", "missing"]]),
  batch("delete-double", ["create"], ["end"], ["deleteBatch", ["it", "it"]]),
  batch("delete-empty", ["deleteBatch", []]),
  batch("delete-of-101", ["deleteBatch", many(101).map(({ id }) => id)]),
  batch("delete-no-list", ["deleteBatch", "it"]),
  batch("delete-invalid-id", ["create"], ["end"], ["deleteBatch", ["it", "a!"]]),
]);
