/** What a deployment may say of a workflow, in Cloudflare's words: how it is read, and what it means. */
import { z } from "zod";
import { durationMs, isDuration } from "../../model/time/duration.ts";
import type { Retention } from "../../model/instance/events.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Jurisdiction, WorkflowSettings } from "../../ports/catalog/workflows.ts";
import { cronExpression } from "../versions/workflow.ts";

/** The jurisdictions in which Cloudflare can keep the instances of a workflow. */
export const JURISDICTIONS: readonly ["eu", "fedramp", "us"] = ["eu", "fedramp", "us"] as const satisfies readonly Jurisdiction[];

const DAY_MS = 24 * 60 * 60 * 1000;

const NOT_KEPT = "Duration must be a number or a string in format '{{number}} {{unit}}' where unit is second(s), minute(s), etc.";

/** Milliseconds for which something is kept: a whole number of them, or text such as `3 days`; more than none. The text is Cloudflare's. */
export const keptFor: z.ZodType<number> = z
  .union([z.number(), z.string()], NOT_KEPT)
  .refine((input) => (typeof input === "number" ? Number.isSafeInteger(input) && input > 0 : isPositive(input)), NOT_KEPT)
  .transform((input) => Math.ceil(durationMs(input)))
  .refine((ms) => ms <= LIMITS.retentionMs, `Retention may be at most ${LIMITS.retentionMs / DAY_MS} days`);

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

const settings = {
  limits: z.object({ steps: z.number().int().min(1).max(LIMITS.stepsCeiling).nullish() }).nullish(),
  concurrency: z.object({ limit: z.number().int().min(1).nullish() }).nullish(),
  default_retention: retention.nullish(),
  schedules: z
    .array(z.object({ cron: cronExpression }))
    .max(LIMITS.schedulesAtOnce)
    .nullish(),
  jurisdiction: z.enum(JURISDICTIONS).nullish(),
};

/** The fields of settings. */
export const SETTINGS: typeof settings = settings;

/** Settings as they are sent; there may be other fields beside them. Terraform sends null for what has been taken out. */
type SentSettings = { readonly [K in keyof typeof settings]?: z.output<(typeof settings)[K]> };

/** What is said of a workflow that way. */
export function settingsOf({
  limits,
  concurrency,
  default_retention: kept,
  schedules,
  jurisdiction,
}: SentSettings): WorkflowSettings {
  return {
    ...(typeof limits?.steps === "number" && { limits: { steps: limits.steps } }),
    ...(typeof concurrency?.limit === "number" && { concurrency: { limit: concurrency.limit } }),
    ...(kept && { defaultRetention: kept }),
    ...(schedules && schedules.length > 0 && { schedules }),
    ...(jurisdiction && { jurisdiction }),
  };
}
