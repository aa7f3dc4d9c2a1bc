/** An instance as a picture shows it: everything but what its steps returned, small enough to be read whole. */
import { z } from "zod";
import { iso, isoOrNull } from "../../model/time/calendar.ts";
import { InstanceView } from "../../model/views/fold.ts";
import { timelineOf } from "../../model/views/timeline.ts";
import { endpoint, type Endpoint } from "../endpoint/endpoint.ts";
import { open } from "../endpoint/payload.ts";
import { errorInfo, status, timestamp, triggerSource } from "../cloudflare/workflows/schemas.ts";
import { addressOf, gone, readInto } from "../cloudflare/workflows/instance.ts";

const ms = z.number();

const entry = z.object({
  type: z.enum(["step", "rollback", "sleep", "waitForEvent"]),
  name: z.string(),
  start: ms,
  end: ms.nullable(),
  state: z.enum(["running", "complete", "errored"]),
  attempts: z.array(z.object({ start: ms, end: ms.nullable(), error: errorInfo.optional() })).optional(),
  config: z.int().optional(),
  event_type: z.string().optional(),
  error: errorInfo.optional(),
});

const timeline = z.object({
  id: z.string(),
  workflow: z.string(),
  version_id: z.string(),
  status,
  trigger: z.object({ source: triggerSource }),
  schedule: z.object({ cron: z.string(), scheduledTime: z.number() }).optional(),
  queued: timestamp,
  start: timestamp.nullable(),
  end: timestamp.nullable(),
  error: errorInfo.nullable(),
  rollback: z.object({ outcome: z.enum(["complete", "failed"]), error: errorInfo.nullable() }).nullable(),
  /** When it will be deleted; null while that is not known. */
  expires: timestamp.nullable(),
  /** The event that this is the state after: `subscribe` goes on from it. */
  cursor: z.int(),
  steps: z.array(entry),
  /** What `config` of a step is the number of. */
  configs: z.array(open(z.unknown())),
});

export const timelines: readonly Endpoint[] = [
  endpoint("get", "/workflows/{workflow_name}/instances/{instance_id}/timeline", {
    summary: "Read the timeline of an instance, without outputs",
    result: timeline,
    handle: async ({ params }, api) => {
      const address = await addressOf(api, params);
      const view = await readInto(api.engine, address, new InstanceView());
      const { life, lastEventId: cursor } = view;
      if (life === undefined) throw gone();
      const { expiresAt } = await api.engine.summary(address);
      const { versionId, status: now, schedule, error, rollback } = life;
      const trigger = { source: life.trigger };
      const about = { ...address, version_id: versionId, status: now, trigger, error, rollback, cursor };
      const moments = { queued: iso(life.queued), start: isoOrNull(life.start), end: isoOrNull(life.end) };
      return {
        result: { ...about, ...(schedule && { schedule }), ...moments, expires: isoOrNull(expiresAt), ...timelineOf(view) },
      };
    },
  }),
];
