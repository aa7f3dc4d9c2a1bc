/** Data points from user code to the store: what is taken, what is refused, and when it is written. */
import { beforeEach, expect, test } from "vitest";
import { silentLog } from "../../noop/log.ts";
import { EXAMPLES } from "../../../test/support/binding-examples.ts";
import { decode, encode } from "../../model/values/value.ts";
import type { DataPoint } from "../../ports/logs/data-points.ts";
import { fakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { analyticsBinding, type AnalyticsEngineDataPoint, type AnalyticsEngineDataset } from "./client.ts";
import { DataPoints } from "./points.ts";
import { dataPoints } from "./server.ts";

let clock: FakeClock;
let written: DataPoint[][];
let fails: boolean;
let points: DataPoints;
let env: AnalyticsEngineDataset;

beforeEach(() => {
  clock = fakeClock();
  written = [];
  fails = false;
  const store = {
    add: async (batch: readonly DataPoint[]) => {
      if (fails) throw new Error("The disk is full");
      if (batch.length > 0) written.push([...batch]);
    },
    newest: () => Promise.resolve(written.flat()),
    close: () => Promise.resolve(),
  };
  points = new DataPoints({ store, clock, log: silentLog });
  const answer = dataPoints(points);
  const binding = EXAMPLES.analytics_engine;
  env = analyticsBinding(async (method, args) =>
    decode(await answer({ to: binding.type, name: binding.dataset, method, args: encode(args) }, binding)),
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

test("points that cannot be written are dropped, and later ones are written", async () => {
  fails = true;
  await points.write({ dataset: "visits", indexes: [], blobs: ["a"], doubles: [] });
  clock.advance(1_000);
  fails = false;
  await points.write({ dataset: "visits", indexes: [], blobs: ["b"], doubles: [] });
  clock.advance(1_000);
  expect(written.flat().map(({ blobs }) => blobs)).toEqual([["b"]]);
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
