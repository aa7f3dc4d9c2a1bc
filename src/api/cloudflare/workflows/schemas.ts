/** The shapes that several endpoints share, in Cloudflare's words. */
import { z } from "zod";
import type { Retention } from "../../../model/instance/events.ts";
import { LIMITS } from "../../../model/limits.ts";
import { INSTANCE_STATUSES, TRIGGER_SOURCES } from "../../../model/instance/status.ts";
import type { StepKey } from "../../../model/step/step.ts";
import type { Reply } from "../../endpoint/endpoint.ts";
import type { ResultInfo } from "../../endpoint/envelope.ts";

/** ISO 8601 in UTC, as answers have it. */
export const timestamp: z.ZodType<string> = z.iso.datetime();

/** A time in a query, as epoch milliseconds. */
export const instant: z.ZodType<number> = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const status: z.ZodType<(typeof INSTANCE_STATUSES)[number]> = z.enum(INSTANCE_STATUSES);

export const triggerSource: z.ZodType = z.enum(TRIGGER_SOURCES);

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
export const perPage = (standard: number, most: number = LIMITS.page): z.ZodType<number> =>
  z.coerce.number().int().min(1).max(most).default(standard);

/** What a list that is read page by page is asked for. */
export const pages = (standard: number, most?: number): { page: z.ZodType<number>; per_page: z.ZodType<number> } => ({
  page: page.default(1),
  per_page: perPage(standard, most),
});

export interface Pages {
  readonly page: number;
  readonly per_page: number;
}

/** One page of a list that is there as a whole, and what goes with it. */
export function pageOf<T>(all: readonly T[], query: Pages): { items: readonly T[]; info: ResultInfo } {
  const items = all.slice((query.page - 1) * query.per_page, query.page * query.per_page);
  return { items, info: pageInfo(query, items.length, all.length) };
}

/** The same as a reply. */
export async function pageReply<T>(all: readonly T[], query: Pages, show: (item: T) => unknown): Promise<Reply> {
  const { items, info } = pageOf(all, query);
  return { result: await Promise.all(items.map(show)), info };
}

/** What goes with a list that is read page by page. */
export function pageInfo(query: Pages, count: number, total: number): ResultInfo {
  return {
    count,
    page: query.page,
    per_page: query.per_page,
    total_count: total,
    total_pages: Math.ceil(total / query.per_page),
  };
}
