/** Why an instance does not go on, and the two ways to help it that Cloudflare's API has no place for. */
import { z } from "zod";
import { iso } from "../../model/time/calendar.ts";
import { changeConcurrencyLimit } from "../../workers/deploy/put-workflow.ts";
import { endpoint, type Endpoint } from "../endpoint/endpoint.ts";
import { restartFrom, status, timestamp } from "../cloudflare/workflows/schemas.ts";
import { addressOf } from "../cloudflare/workflows/instance.ts";

const INSTANCE = "/workflows/{workflow_name}/instances/{instance_id}";

const shown = z.object({
  status,
  /** What waits, the earliest first. Epoch milliseconds. */
  steps: z.array(z.object({ type: z.enum(["step", "sleep", "waitForEvent"]), name: z.string(), due: z.number() })),
  /** The limit that it waits behind. */
  place: z.object({ of: z.enum(["workflow", "server"]), limit: z.int(), taken: z.int() }).nullable(),
  /** What has to be mended before it is resumed. */
  paused_for: z.string().nullable(),
});

const limit = z.object({ limit: z.int().min(1).nullable() });

export const waits: readonly Endpoint[] = [
  endpoint("get", `${INSTANCE}/waits`, {
    summary: "Read what an instance waits for: a time, an event, a free slot, or a problem to fix",
    result: shown,
    handle: async ({ params }, api) => {
      const { pausedFor, ...rest } = await api.engine.waits(await addressOf(api, params));
      return { result: { ...rest, paused_for: pausedFor } };
    },
  }),
  endpoint("post", `${INSTANCE}/skip-delay`, {
    summary: "Skip a sleep or the delay before a step's next attempt",
    body: restartFrom,
    result: z.object({ timestamp }),
    handle: async ({ params, body }, api) => {
      await api.engine.skipDelay(await addressOf(api, params), body);
      return { result: { timestamp: iso(api.clock.now()) } };
    },
  }),
  endpoint("patch", "/workflows/{workflow_name}/concurrency", {
    needs: "admin",
    summary: "Change how many instances of a workflow may run at once; null removes the limit",
    body: limit,
    result: limit,
    handle: async ({ params, body }, api) => {
      await changeConcurrencyLimit(api, params.workflow_name, body.limit);
      return { result: body };
    },
  }),
];
