/** Takes the data points that user code writes. */
import { z } from "zod";
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import { decode, encode } from "../../model/values/value.ts";
import type { Answer } from "../answer.ts";
import type { SentPoint } from "./client.ts";
import type { DataPoints } from "./points.ts";

const texts = (count: number, length: number): z.ZodType<(string | null)[]> =>
  z
    .array(z.string().nullable())
    .max(count)
    .refine((given) => new TextEncoder().encode(given.join("")).length <= length);

const sent: z.ZodType<[SentPoint]> = z.tuple([
  z.object({
    indexes: texts(1, LIMITS.dataPointIndexBytes),
    blobs: texts(LIMITS.dataPointFields, LIMITS.dataPointBlobBytes),
    doubles: z.array(z.custom<number>((value) => typeof value === "number")).max(LIMITS.dataPointFields),
  }),
]);

/** Hands them to `points`. */
export function dataPoints(points: Pick<DataPoints, "write">): Answer<"analytics_engine"> {
  return async ({ method, args }, { dataset }) => {
    const parsed = sent.safeParse(decode(args));
    if (method !== "writeDataPoint" || !parsed.success) throw new Failure("body", { detail: `Not a data point: ${method}` });
    await points.write({ ...parsed.data[0], dataset });
    return encode(null);
  };
}
