/** How static assets are served, as an upload and a project's configuration say it. */
import { z } from "zod";

interface Handling {
  readonly html_handling: z.ZodOptional<
    z.ZodEnum<{
      "auto-trailing-slash": "auto-trailing-slash";
      "force-trailing-slash": "force-trailing-slash";
      "drop-trailing-slash": "drop-trailing-slash";
      none: "none";
    }>
  >;
  readonly not_found_handling: z.ZodOptional<
    z.ZodEnum<{ none: "none"; "404-page": "404-page"; "single-page-application": "single-page-application" }>
  >;
  readonly run_worker_first: z.ZodOptional<z.ZodUnion<readonly [z.ZodBoolean, z.ZodArray<z.ZodString>]>>;
}

/** What both have. */
export const assetsHandling: Handling = {
  html_handling: z.enum(["auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"]).optional(),
  not_found_handling: z.enum(["none", "404-page", "single-page-application"]).optional(),
  run_worker_first: z.union([z.boolean(), z.array(z.string()).max(100)]).optional(),
};

/** Zod leaves keys whose value is undefined; they are not kept. */
export function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as never;
}
