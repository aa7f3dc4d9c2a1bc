/** What the user code of an instance has written and thrown: page by page, or as it comes. */
import { z } from "zod";
import { LIMITS } from "../../model/limits.ts";
import { iso } from "../../model/time/calendar.ts";
import type { StoredLine } from "../../ports/logs/instance-logs.ts";
import { LOG_LEVELS } from "../../model/views/script-line.ts";
import { endpoint, type Api, type Endpoint } from "../endpoint/endpoint.ts";
import { streamResponse, wantsStream, type Message } from "../endpoint/event-stream.ts";
import { timestamp } from "../cloudflare/workflows/schemas.ts";
import { addressOf } from "../cloudflare/workflows/instance.ts";

/** Lines of a page unless the client says otherwise. */
const PAGE = 100;

/** How long a stream waits for more of an instance that has ended, and how often it looks whether it has, in milliseconds. */
const LOOK_MS = 1_000;

const number = z.coerce.number().int().min(1);

const query = z.object({
  step: z.string().min(1).optional(),
  count: number.optional(),
  attempt: number.optional(),
  level: z.enum(LOG_LEVELS).optional(),
  after: z.coerce.number().int().min(0).default(0),
  limit: number.max(LIMITS.logLines).default(PAGE),
});

const line = z.object({
  n: z.int(),
  time: timestamp,
  level: z.enum(LOG_LEVELS),
  kind: z.enum(["console", "exception"]),
  text: z.string(),
  step: z.object({ name: z.string(), count: z.int(), attempt: z.int() }).nullable(),
  script_version_id: z.string(),
});

/** A message of an instance, as clients get it. */
export type ShownLine = z.output<typeof line>;

export const instanceLogs: readonly Endpoint[] = [
  endpoint("get", "/workflows/{workflow_name}/instances/{instance_id}/logs", {
    needs: "viewer",
    summary: `Read the newest ${LIMITS.logLines} log messages of an instance, or stream them (text/event-stream)`,
    query,
    result: z.object({ dropped: z.int(), lines: z.array(line) }),
    handle: async ({ params, query: asked }, api, request) => {
      const address = await addressOf(api, params);
      const { pk } = await api.engine.summary(address);
      if (wantsStream(request.headers)) {
        const seen = number.safeParse(request.headers.get("last-event-id"));
        const stop = new AbortController();
        request.signal.addEventListener("abort", () => stop.abort(), { once: true });
        const hasEnded = (): Promise<boolean> =>
          api.engine.summary(address).then(
            ({ endedAt }) => endedAt !== null,
            () => true,
          );
        const from = seen.success ? { ...asked, after: seen.data } : asked;
        return streamResponse(following(api, pk, from, hasEnded, stop.signal), stop, api.clock);
      }
      const { lines, dropped } = await api.logs.read(pk, asked.after);
      const wanted = lines.filter(isWanted(asked));
      const page = wanted.slice(0, asked.limit);
      const last = page.at(-1);
      return {
        result: { dropped, lines: page.map(show) },
        info: {
          count: page.length,
          per_page: asked.limit,
          total_count: wanted.length,
          ...(last !== undefined && wanted.length > page.length && { cursor: String(last.n) }),
        },
      };
    },
  }),
];

type Asked = z.output<typeof query>;

function isWanted({ step, count, attempt, level = "debug" }: Asked): (line: StoredLine) => boolean {
  const lowest = LOG_LEVELS.indexOf(level);
  return (each) =>
    LOG_LEVELS.indexOf(each.level) >= lowest &&
    (step === undefined || each.step?.name === step) &&
    (count === undefined || each.step?.count === count) &&
    (attempt === undefined || each.step?.attempt === attempt);
}

function show({ time, versionId, step, ...rest }: StoredLine): ShownLine {
  return { ...rest, time: iso(time), step: step ?? null, script_version_id: versionId };
}

/** What there is, and what comes, until the instance has ended and says nothing more. */
async function* following(
  { logs, clock }: Api,
  pk: number,
  asked: Asked,
  hasEnded: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncGenerator<readonly Message[]> {
  let { after } = asked;
  let wake = (): void => {};
  const unfollow = logs.follow(pk, () => wake());
  signal.addEventListener("abort", () => wake(), { once: true });
  try {
    while (!signal.aborted) {
      // Asked before it is read: what an instance says comes before its end, and on the way it may be late.
      const isOver = await hasEnded();
      const more = new Promise<void>((resolve) => (wake = resolve));
      const { lines } = await logs.read(pk, after);
      after = lines.at(-1)?.n ?? after;
      const messages = lines.filter(isWanted(asked)).map((each) => ({ id: each.n, data: JSON.stringify(show(each)) }));
      if (messages.length > 0) yield messages;
      if (lines.length > 0) continue;
      let isQuiet = false;
      const cancel = clock.alarm(clock.now() + LOOK_MS, () => {
        isQuiet = true;
        wake();
      });
      await more;
      cancel();
      if (isOver && isQuiet) return;
    }
  } finally {
    unfollow();
  }
}
