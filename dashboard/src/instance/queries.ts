/** Queries and changes of the instance page. */
import { queryOptions } from "@tanstack/react-query";
import { ACCOUNT, ApiError, own, result, v4 } from "../api/client.ts";
import { queryClient } from "../api/queries.ts";
import type { Waits } from "./reasons.ts";
import { fromWire, type Timeline, type WireTimeline } from "./timeline.ts";

const addressOf = (workflow: string, id: string) => ({ path: { workflow_name: workflow, instance_id: id } });

export const timelineQuery = (workflow: string, id: string) =>
  queryOptions({
    queryKey: ["timeline", workflow, id],
    queryFn: async (): Promise<Timeline> => {
      const params = addressOf(workflow, id);
      const wire = await result(own.GET("/workflows/{workflow_name}/instances/{instance_id}/timeline", { params }));
      return fromWire(wire as unknown as WireTimeline);
    },
    staleTime: Infinity,
    // A cached timeline is shown at once and read again: while its page was closed, no events came.
    refetchOnMount: "always",
    // To compare tens of thousands of steps with those of before would cost more than to draw them.
    structuralSharing: false,
  });

/** Milliseconds between checks for a free slot, for which the server sends no event. */
const AGAIN_MS = 2_000;

/** Read again when the instance has got as far as `at`, and while it waits for a slot. */
export const waitsQuery = (workflow: string, id: string, at: string) =>
  queryOptions({
    queryKey: ["waits", workflow, id, at],
    queryFn: async (): Promise<Waits> => {
      const params = addressOf(workflow, id);
      return (await result(own.GET("/workflows/{workflow_name}/instances/{instance_id}/waits", { params }))) as Waits;
    },
    placeholderData: (before) => before,
    refetchInterval: ({ state: { data } }) => {
      if (data === undefined) return false;
      if (data.status === "queued" || data.place !== null) return AGAIN_MS;
      const next = data.steps[0]?.due;
      if (next === undefined) return false;
      return Math.min(Math.max(next - Date.now() + AGAIN_MS, AGAIN_MS), 2 ** 31 - 1);
    },
  });

/** True when the version that an instance is pinned to can still be read. */
export const versionExistsQuery = (workflow: string, version: string) =>
  queryOptions({
    queryKey: ["version-exists", workflow, version],
    queryFn: async (): Promise<boolean> => {
      const path = { account_id: ACCOUNT, workflow_name: workflow, version_id: version };
      try {
        await result(v4.GET("/accounts/{account_id}/workflows/{workflow_name}/versions/{version_id}", { params: { path } }));
        return true;
      } catch (cause) {
        if (cause instanceof ApiError && cause.status === 404) return false;
        throw cause;
      }
    },
    staleTime: 60_000,
  });

/** Ends a sleep, or the delay before a step's next attempt, now. */
export async function skipDelay(workflow: string, id: string, step: { name: string; count: number; type: "do" | "sleep" }) {
  const params = addressOf(workflow, id);
  await result(own.POST("/workflows/{workflow_name}/instances/{instance_id}/skip-delay", { params, body: step as never }));
}

/** How many instances of a workflow may run at once. */
export async function setLimit(workflow: string, limit: number | null): Promise<void> {
  const params = { path: { workflow_name: workflow } };
  await result(own.PATCH("/workflows/{workflow_name}/concurrency", { params, body: { limit } }));
  await queryClient.invalidateQueries({ queryKey: ["waits", workflow] });
}
