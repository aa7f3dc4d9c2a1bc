/** How static assets are served, as an upload and a project's configuration say it. */
import { z } from "zod";
import { readHeaderRules, readRedirects, type PassedOver } from "../../model/platform/assets/rules.ts";
import type { ScriptAssets } from "../../ports/catalog/script-versions.ts";

const handling = {
  html_handling: z.enum(["auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"]).optional(),
  not_found_handling: z.enum(["none", "404-page", "single-page-application"]).optional(),
  run_worker_first: z.union([z.boolean(), z.array(z.string()).max(100)]).optional(),
};

/** What both have. */
export const assetsHandling: typeof handling = handling;

/** Zod leaves keys whose value is undefined; they are not kept. */
export function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as never;
}

/** What the two files say, and which of their lines are passed over. A file that is not there says nothing. */
export function assetRules(
  headers: string | undefined,
  redirects: string | undefined,
): {
  readonly rules: Pick<ScriptAssets["config"], "headers" | "redirects">;
  readonly passedOver: readonly (PassedOver & { readonly file: string })[];
} {
  const ofHeaders = headers === undefined ? undefined : readHeaderRules(headers);
  const ofRedirects = redirects === undefined ? undefined : readRedirects(redirects);
  return {
    rules: { ...(ofHeaders && { headers: ofHeaders.rules }), ...(ofRedirects && { redirects: ofRedirects.rules }) },
    passedOver: [
      ...(ofHeaders?.passedOver ?? []).map((each) => ({ ...each, file: "_headers" })),
      ...(ofRedirects?.passedOver ?? []).map((each) => ({ ...each, file: "_redirects" })),
    ],
  };
}
