/** Paths at which `wrangler dev` calls the `scheduled` handler of a Worker, and so does `stepwell dev`. No Worker sees them. */
import type { Clock } from "../../ports/clock.ts";
import type { ScriptCalls } from "../../ports/script-calls.ts";

/** That of wrangler now, the one that its documentation has, and the one of `--test-scheduled`. */
const LOCAL = "/cdn-cgi/local/scheduled";
const DOCUMENTED = "/cdn-cgi/handler/scheduled";
const TEST = "/__scheduled";

export function isDevTrigger(pathname: string): boolean {
  return pathname === LOCAL || pathname === DOCUMENTED || pathname === TEST;
}

/**
 * Answers with how the handler ended: in a word, or with `format=json` as an object. `cron` and `time` (epoch milliseconds) of
 * the query are passed to the handler. Rejects as `ScriptCalls.call` does.
 */
export async function callDevTrigger(
  { calls, clock }: { readonly calls: ScriptCalls; readonly clock: Clock },
  script: string,
  { pathname, searchParams }: URL,
): Promise<Response> {
  const cron = searchParams.get("cron") ?? "";
  const time = Number(searchParams.get("time"));
  const scheduledTime = Number.isSafeInteger(time) && time > 0 ? time : clock.now();
  const { thrown } = await calls.call(script, { type: "scheduled", cron, scheduledTime });
  const outcome = thrown === null ? "ok" : "exception";
  const status = thrown === null ? 200 : 500;
  if (pathname === TEST) return new Response(thrown === null ? "Ran scheduled event" : thrown, { status });
  return searchParams.get("format") === "json" ? Response.json({ outcome }, { status }) : new Response(outcome, { status });
}
