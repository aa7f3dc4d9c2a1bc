/** A dataset as user code knows it: Cloudflare's `AnalyticsEngineDataset`. A point is on its way when `writeDataPoint` returns. */
import { LIMITS } from "../../model/limits.ts";
import type { DataPoint } from "../../ports/logs/data-points.ts";
import type { Tell } from "../../runtime/bindings/calls.ts";

type Text = ArrayBuffer | string | null;

export interface AnalyticsEngineDataPoint {
  readonly indexes?: readonly Text[];
  readonly blobs?: readonly Text[];
  readonly doubles?: readonly number[];
}

export interface AnalyticsEngineDataset {
  /** Throws for a point that Cloudflare does not take. */
  writeDataPoint(point?: AnalyticsEngineDataPoint): void;
}

/** What the server is sent. */
export type SentPoint = Pick<DataPoint, "indexes" | "blobs" | "doubles">;

/** A binding that sends by `tell`: points may be lost, as on Cloudflare. */
export function analyticsBinding(tell: Tell): AnalyticsEngineDataset {
  return {
    writeDataPoint: (point) => tell("writeDataPoint", [sent(point ?? {})]),
  };
}

function sent({ indexes, blobs, doubles }: AnalyticsEngineDataPoint): SentPoint {
  const point = {
    indexes: (indexes ?? []).map(toText),
    blobs: (blobs ?? []).map(toText),
    doubles: (doubles ?? []).map(Number),
  };
  refuseTooMany("indexes", point.indexes.length, 1);
  refuseTooMany("blobs", point.blobs.length, LIMITS.dataPointFields);
  refuseTooMany("doubles", point.doubles.length, LIMITS.dataPointFields);
  refuseTooLong("Size of indexes[0]", point.indexes, LIMITS.dataPointIndexBytes);
  refuseTooLong("Cumulative size of blobs", point.blobs, LIMITS.dataPointBlobBytes);
  return point;
}

function toText(value: Text | number | undefined): string | null {
  // Cloudflare makes texts of numbers.
  if (value === null || value === undefined) return null;
  return value instanceof ArrayBuffer ? new TextDecoder().decode(value) : String(value);
}

function refuseTooMany(what: string, count: number, most: number): void {
  if (count > most) throw new TypeError(`writeDataPoint(): Maximum of ${most} ${what} supported.`);
}

function refuseTooLong(what: string, texts: readonly (string | null)[], most: number): void {
  const bytes = new TextEncoder().encode(texts.join("")).length;
  if (bytes > most) throw new TypeError(`writeDataPoint(): ${what} exceeds ${most} bytes.`);
}
