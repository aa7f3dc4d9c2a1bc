/** Live updates over server-sent events, instead of polling. */
import { useEffect, useState } from "react";
import { queryClient } from "./queries.ts";
import { ACCOUNT } from "./client.ts";
import type { LiveEvent } from "./types.ts";

/** Lists are read again no sooner than this after they were, in milliseconds. */
const PACE_MS = 500;

/** Lists of up to so many pages refresh automatically. A longer one would load the server for every idle viewer. */
export const LIVE_PAGES = 3;

/** The types of events after which a list of instances is another. */
const LISTED = [
  "workflow_queued",
  "workflow_running",
  "workflow_waiting",
  "workflow_waiting_for_pause",
  "workflow_paused",
  "workflow_completed",
  "workflow_errored",
  "workflow_terminated",
  "rollback_started",
];

/** Keeps the lists and counts of a workflow up to date while a page is there. True while the server is connected. */
export function useWorkflowEvents(workflow: string): boolean {
  const [live, setLive] = useState(false);
  useEffect(() => {
    const query = LISTED.map((type) => `filter=${type}`).join("&");
    const source = new EventSource(`/client/v4/accounts/${ACCOUNT}/workflows/${encodeURIComponent(workflow)}/subscribe?${query}`);
    let due: ReturnType<typeof setTimeout> | undefined;
    const readAgain = (): void => {
      due ??= setTimeout(() => {
        due = undefined;
        void queryClient.invalidateQueries({ queryKey: ["instances", workflow], predicate: ({ state }) => isShort(state.data) });
        void queryClient.invalidateQueries({ queryKey: ["workflow", workflow] });
      }, PACE_MS);
    };
    // Of what has happened before it is connected, for the first time or again, no event tells.
    source.addEventListener("open", () => {
      setLive(true);
      readAgain();
    });
    source.addEventListener("error", () => setLive(false));
    source.addEventListener("message", readAgain);
    return () => {
      clearTimeout(due);
      source.close();
    };
  }, [workflow]);
  return live;
}

function isShort(list: unknown): boolean {
  return ((list as { readonly pages?: readonly unknown[] } | undefined)?.pages?.length ?? 0) <= LIVE_PAGES;
}

/**
 * Follows an instance from a cursor on, and hands over what comes in batches, one a frame of the screen. A browser connects again by
 * itself when a connection is lost, but not when the server refuses it: then `refused` is called, and nothing comes any more.
 */
export function followInstance(
  workflow: string,
  id: string,
  cursor: number,
  take: (events: readonly LiveEvent[]) => void,
  refused: () => void,
): () => void {
  const path = `/client/v4/accounts/${ACCOUNT}/workflows/${encodeURIComponent(workflow)}/instances/${encodeURIComponent(id)}/subscribe`;
  const source = new EventSource(`${path}?cursor=${cursor}`);
  let batch: LiveEvent[] = [];
  let frame = 0;
  source.addEventListener("message", ({ data }: MessageEvent<string>) => {
    batch.push(JSON.parse(data) as LiveEvent);
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      take(batch.splice(0));
    });
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) refused();
  });
  return () => {
    cancelAnimationFrame(frame);
    source.close();
    batch = [];
  };
}
