/** The shapes that several endpoints share, in Cloudflare's words. */
import { z } from "zod";
import { isDuration, durationMs } from "../model/duration.ts";
import type { Retention } from "../model/events.ts";
import { LIMITS } from "../model/limits.ts";
import { INSTANCE_STATUSES, TRIGGER_SOURCES } from "../model/status.ts";
import type { StepKey } from "../model/step.ts";
import { iso } from "../model/time.ts";
import type { ResultInfo } from "./envelope.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** ISO 8601 in UTC, as answers have it. */
export const timestamp: z.ZodType<string> = z.iso.datetime();

/** A time in a query, as epoch milliseconds. */
export const instant: z.ZodType<number> = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const status: z.ZodType<(typeof INSTANCE_STATUSES)[number]> = z.enum(INSTANCE_STATUSES);

export const triggerSource: z.ZodType = z.enum(TRIGGER_SOURCES);

const NOT_KEPT = "Duration must be a number or a string in format '{{number}} {{unit}}' where unit is second(s), minute(s), etc.";

/** Milliseconds for which something is kept: a whole number of them, or text such as `3 days`; more than none. The text is Cloudflare's. */
export const keptFor: z.ZodType<number> = z
  .union([z.number(), z.string()], NOT_KEPT)
  .refine((input) => (typeof input === "number" ? Number.isSafeInteger(input) && input > 0 : isPositive(input)), NOT_KEPT)
  .transform((input) => Math.ceil(durationMs(input)))
  .refine((ms) => ms <= LIMITS.retentionMs, `Instances are kept for ${LIMITS.retentionMs / DAY_MS} days at the most`);

function isPositive(text: string): boolean {
  return isDuration(text) && durationMs(text) > 0;
}

/** How long finished instances are kept. */
export const retention: z.ZodType<Retention> = z
  .object({ error_retention: keptFor.nullish(), success_retention: keptFor.nullish() })
  .transform(({ error_retention: errorMs, success_retention: successMs }) => ({
    ...(typeof errorMs === "number" && { errorMs }),
    ...(typeof successMs === "number" && { successMs }),
  }));

/** As `retention`, in answers. */
export const shownRetention: z.ZodType = z.object({
  error_retention: z.number().optional(),
  success_retention: z.number().optional(),
});

/** Retention in Cloudflare's words; undefined when nothing is set. */
export function showRetention(set: Retention | undefined): Record<string, number> | undefined {
  if (set === undefined) return undefined;
  return {
    ...(set.errorMs !== undefined && { error_retention: set.errorMs }),
    ...(set.successMs !== undefined && { success_retention: set.successMs }),
  };
}

/** An error of a workflow or of a step. */
export const errorInfo: z.ZodType = z.object({ name: z.string(), message: z.string() });

/** The step that a restart begins with, by the name that user code gave it. */
export const restartFrom: z.ZodType<StepKey> = z
  .object({
    name: z.string().min(1).max(LIMITS.stepName),
    count: z.number().int().min(1).default(1),
    type: z.enum(["do", "sleep", "waitForEvent"]).default("do"),
  })
  .transform(({ name, count, type }) => ({ kind: type, name, count }));

/** A page's number, counted from 1. */
export const page: z.ZodType<number> = z.coerce.number().int().min(1);

/** Items of a page. */
export const perPage = (standard: number): z.ZodType<number> => z.coerce.number().int().min(1).max(LIMITS.page).default(standard);

/** What goes with a list that is read page by page. */
export function pageInfo(query: { page: number; per_page: number }, count: number, total: number): ResultInfo {
  return {
    count,
    page: query.page,
    per_page: query.per_page,
    total_count: total,
    total_pages: Math.ceil(total / query.per_page),
  };
}

/** As `iso`, for times that may not have come yet. */
export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
