/** Data points from user code to the store: what is taken, what is refused, and when it is written. */
import { setImmediate } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import { silentLog } from "../../noop/log.ts";
import { EXAMPLES } from "../../../test/support/binding-examples.ts";
import { LIMITS } from "../../model/limits.ts";
import { encode } from "../../model/values/value.ts";
import type { DataPoint } from "../../ports/logs/data-points.ts";
import { fakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { analyticsBinding, type AnalyticsEngineDataPoint, type AnalyticsEngineDataset } from "./client.ts";
import { DataPoints } from "./points.ts";
import { dataPoints } from "./server.ts";

let clock: FakeClock;
let written: DataPoint[][];
let fails: boolean;
let logged: unknown[];
let points: DataPoints;
let env: AnalyticsEngineDataset;

beforeEach(() => {
  clock = fakeClock();
  written = [];
  fails = false;
  logged = [];
  const store = {
    add: async (batch: readonly DataPoint[]) => {
      if (fails) throw new Error("The disk is full");
      if (batch.length > 0) written.push([...batch]);
    },
    newest: () => Promise.resolve(written.flat()),
    close: () => Promise.resolve(),
  };
  points = new DataPoints({ store, clock, log: { ...silentLog, warn: (...line) => void logged.push(line) } });
  const answer = dataPoints(points);
  const binding = EXAMPLES.analytics_engine;
  env = analyticsBinding(
    (method, args) => void answer({ to: binding.type, name: binding.dataset, method, args: encode(args) }, binding),
  );
});

test("a point is written with those that come soon after it, and nothing is returned", () => {
  const at = clock.now();
  const bytes = new TextEncoder().encode("bytes").buffer;
  const returned: unknown = env.writeDataPoint({ indexes: ["de"], blobs: ["/", null, bytes], doubles: [1.5, Number.NaN] });
  expect(returned).toBeUndefined();
  env.writeDataPoint();
  expect(written).toEqual([]);
  clock.advance(1_000);
  expect(written).toEqual([
    [
      { dataset: "visits", at, indexes: ["de"], blobs: ["/", null, "bytes"], doubles: [1.5, Number.NaN] },
      { dataset: "visits", at, indexes: [], blobs: [], doubles: [] },
    ],
  ]);
});

test("a reader sees all points, and so does the store when the server stops", async () => {
  await points.write({ dataset: "visits", indexes: [], blobs: ["a"], doubles: [] });
  expect(await points.newest("visits", 9)).toHaveLength(1);
  await points.write({ dataset: "visits", indexes: [], blobs: ["b"], doubles: [] });
  await points.close();
  expect(written.flat().map(({ blobs }) => blobs)).toEqual([["a"], ["b"]]);
});

const write = (blob: string): Promise<void> => points.write({ dataset: "visits", indexes: [], blobs: [blob], doubles: [] });
/** A second later, and what is due has been done. */
async function later(): Promise<void> {
  clock.advance(1_000);
  await setImmediate();
}
const texts = (): (string | null)[] => written.flat().flatMap(({ blobs }) => blobs);

test("points that cannot be written wait, in order, and are written later", async () => {
  fails = true;
  await write("a");
  await later();
  fails = false;
  await write("b");
  await later();
  expect(texts()).toEqual(["a", "b"]);
  expect(logged).toEqual([
    ["Data points could not be written", { points: 1, lost: 0, detail: "Error: The disk is full" }],
    ["Data points are written again", { lost: 0 }],
  ]);
});

test("a disk that stays full costs bounded memory, a bounded log, and the oldest points, which are counted", async () => {
  fails = true;
  for (let i = 0; i < 2_500; i += 1) await write(String(i));
  for (let i = 0; i < 20; i += 1) await later();
  expect(logged).toHaveLength(1);
  fails = false;
  await later();
  expect([texts().length, texts()[0]]).toEqual([2_000, "500"]);
  expect(logged.at(-1)).toEqual(["Data points are written again", { lost: 500 }]);
});

test("what cannot be written when the server stops is counted as lost", async () => {
  fails = true;
  await write("a");
  await points.close();
  expect(logged.at(-1)).toEqual(["Data points are lost", { points: 1 }]);
});

test("a point that comes after the end does not open the store again", async () => {
  await points.close();
  await write("a");
  await later();
  expect(written).toEqual([]);
});

test("the server refuses larger points than the binding sends", async () => {
  const answer = dataPoints(points);
  const blobs = Array.from({ length: 2 }, () => "x".repeat(LIMITS.dataPointBlobBytes));
  const args = encode([{ indexes: [], blobs, doubles: [] }]);
  const sent = answer({ to: "analytics_engine", name: "visits", method: "writeDataPoint", args }, EXAMPLES.analytics_engine);
  await expect(sent).rejects.toThrow("Not a data point");
});

test.each<[AnalyticsEngineDataPoint, string]>([
  [{ indexes: ["a", "b"] }, "writeDataPoint(): Maximum of 1 indexes supported."],
  [{ blobs: Array.from({ length: 21 }, () => "") }, "writeDataPoint(): Maximum of 20 blobs supported."],
  [{ doubles: Array.from({ length: 21 }, () => 0) }, "writeDataPoint(): Maximum of 20 doubles supported."],
  [{ indexes: ["x".repeat(97)] }, "writeDataPoint(): Size of indexes[0] exceeds 96 bytes."],
  [{ blobs: ["x".repeat(16_384), "x"] }, "writeDataPoint(): Cumulative size of blobs exceeds 16384 bytes."],
])("a point that is too large is refused at once: %#", (point, message) => {
  expect(() => env.writeDataPoint(point)).toThrow(new TypeError(message));
});

test("the largest point is taken", () => {
  env.writeDataPoint({ indexes: ["x".repeat(96)], blobs: ["x".repeat(16_384)], doubles: Array.from({ length: 20 }, () => 0) });
  clock.advance(1_000);
  expect(written.flat()).toHaveLength(1);
});
