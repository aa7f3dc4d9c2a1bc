/** The timeline of an instance, updated live until it ends. */
import { useQuery } from "@tanstack/react-query";
import { startTransition, useEffect, useState } from "react";
import { ApiError } from "../api/client.ts";
import { followInstance } from "../api/live.ts";
import { instanceQuery, queryClient } from "../api/queries.ts";
import type { LiveEvent } from "../api/types.ts";
import { isFinal } from "../ui/status.tsx";
import { timelineQuery } from "./queries.ts";
import { advance, beginsAnew, type Timeline } from "./timeline.ts";

/** From so many steps on, what is new is shown no more often than this, in milliseconds: there is scrolling to be done. */
const MANY = 1_000;
const PACE_MS = 150;

/** How often an instance that has ended is looked at, while its page is seen, in milliseconds. */
const LOOK_MS = 10_000;

/** How long after a refusal the instance is read again, and then followed if it is still there, in milliseconds. */
const REFUSED_MS = 2_000;

interface Followed {
  readonly timeline: Timeline | undefined;
  readonly error: Error | null;
  readonly again: () => void;
}

export function useTimeline(workflow: string, id: string): Followed {
  const query = timelineQuery(workflow, id);
  const { data: read, dataUpdatedAt: readAt, error, refetch } = useQuery(query);
  const [timeline, setTimeline] = useState<Timeline>();

  useEffect(() => {
    if (read === undefined) return;
    setTimeline(read);
    if (isFinal(read.status)) return;
    let known = read;
    let news: LiveEvent[] = [];
    let due: ReturnType<typeof setTimeout> | undefined;
    const show = (): void => {
      due = undefined;
      known = advance(known, news.splice(0));
      // Does not block scrolling.
      startTransition(() => setTimeline(known));
      // Read again once more: when it will be deleted, only the server knows.
      if (isFinal(known.status)) void queryClient.invalidateQueries({ queryKey: query.queryKey });
    };
    const take = (events: readonly LiveEvent[]): void => {
      if (beginsAnew(known, events)) return void queryClient.invalidateQueries({ queryKey: query.queryKey });
      news = [...news, ...events];
      if (known.steps.length < MANY) show();
      else due ??= setTimeout(show, PACE_MS);
    };
    let again: ReturnType<typeof setTimeout> | undefined;
    let isLeft = false;
    // What has been read begins all of this anew.
    const readAgain = async (): Promise<void> => {
      const { error: cause } = await refetch();
      if (cause !== null && !isGone(cause)) refused();
    };
    const refused = (): void => {
      if (!isLeft) again = setTimeout(() => void readAgain(), REFUSED_MS);
    };
    const stop = followInstance(workflow, id, read.cursor, take, refused);
    return () => {
      isLeft = true;
      clearTimeout(again);
      clearTimeout(due);
      stop();
    };
    // The key says which instance it is; the rest of the query is made anew each time.
  }, [read, workflow, id]);

  // Another client may restart an instance that has ended, of which no event tells. So its short form is read now and then, and
  // whenever the page gets the focus. What it says counts if it was read after the timeline.
  const { data: now, dataUpdatedAt: nowAt } = useQuery({
    ...instanceQuery(workflow, id),
    refetchOnWindowFocus: "always",
    refetchInterval: read !== undefined && isFinal(read.status) && LOOK_MS,
  });
  const isOutdated = read !== undefined && isFinal(read.status) && now !== undefined && !isFinal(now.status) && nowAt > readAt;
  useEffect(() => {
    if (isOutdated) void queryClient.invalidateQueries({ queryKey: query.queryKey });
  }, [isOutdated, nowAt, workflow, id]);

  return { timeline: timeline ?? read, error: read === undefined || isGone(error) ? error : null, again: () => void refetch() };
}

/** True when the server says that there is no such instance, or no longer. */
function isGone(cause: Error | null): boolean {
  return cause instanceof ApiError && cause.status === 404;
}
