/** The `env` of `cloudflare:workers`. An isolate has one script, so one of it; an executor fills it before the script loads. */
export const env: Record<string, unknown> = {};
