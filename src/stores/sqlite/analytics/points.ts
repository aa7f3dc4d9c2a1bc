/** Data points in a SQLite file of their own, which is made when the first of them is written. */
import { LIMITS } from "../../../model/limits.ts";
import type { DataPoint, DataPointStore } from "../../../ports/logs/data-points.ts";
import { analytics0001 } from "./schema-0001.ts";
import { OwnFile } from "../connection/own-file.ts";
import type { Row } from "../connection/queries.ts";

const ADD = "INSERT INTO points (dataset, at, json) VALUES (?, ?, ?)";

const TRIM = `DELETE FROM points WHERE dataset = ? AND n <=
  (SELECT n FROM points WHERE dataset = ? ORDER BY n DESC LIMIT 1 OFFSET ?)`;

const FORGET = `DELETE FROM points WHERE dataset NOT IN
  (SELECT dataset FROM points GROUP BY dataset ORDER BY max(n) DESC LIMIT ?)`;

const NEWEST = "SELECT dataset, at, json FROM points WHERE dataset = ? ORDER BY n DESC LIMIT ?";

/** The points of a file. `:memory:` keeps them in memory. */
export class SqliteDataPoints implements DataPointStore {
  readonly #file: OwnFile;
  /** Datasets that this process has written to: others may be one too many. */
  readonly #known: Set<string> = new Set();

  constructor(file: string) {
    // What the machine loses with its power are points of the last moments.
    this.#file = new OwnFile(file, [analytics0001], "PRAGMA synchronous = NORMAL");
  }

  async add(points: readonly DataPoint[]): Promise<void> {
    if (points.length === 0) return;
    const { run, within } = this.#file.made();
    const datasets = new Set(points.map(({ dataset }) => dataset));
    within(() => {
      for (const { dataset, at, indexes, blobs, doubles } of points)
        run(ADD, dataset, at, JSON.stringify([indexes, blobs, doubles]));
      for (const dataset of datasets) run(TRIM, dataset, dataset, LIMITS.dataPoints);
      if ([...datasets].some((each) => !this.#known.has(each))) run(FORGET, LIMITS.datasets);
    });
    for (const dataset of datasets) this.#known.add(dataset);
  }

  async newest(dataset: string, limit: number): Promise<DataPoint[]> {
    return this.#file.known()?.all(NEWEST, dataset, limit).map(toPoint) ?? [];
  }

  async close(): Promise<void> {
    this.#file.close();
  }
}

function toPoint({ json, ...rest }: Row): DataPoint {
  const [indexes, blobs, doubles] = JSON.parse(String(json)) as [DataPoint["indexes"], DataPoint["blobs"], DataPoint["doubles"]];
  return { ...rest, indexes, blobs, doubles } as unknown as DataPoint;
}
