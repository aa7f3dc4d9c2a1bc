/** A bulk action on all matching instances: confirmed with their number, then shown with its progress and a stop button. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { queryClient } from "../api/queries.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Problem } from "../ui/problem.tsx";
import { Progress } from "../ui/progress.tsx";
import { inWords, type InstanceFilter } from "./filter.ts";
import { act, actionsQuery, begunQuery, countQuery, dismissAction, stopAction, type Verb } from "./queries.ts";

interface MatchDialogProps {
  readonly workflow: string;
  readonly filter: InstanceFilter;
  /** Replaces the words of the filter. */
  readonly words?: string | undefined;
  /** Undefined while nothing is asked for. */
  readonly verb: Verb | undefined;
  readonly onClose: () => void;
  readonly onBegun?: () => void;
}

/** Confirms an action, with the number of instances. */
export function MatchDialog({ verb, ...rest }: MatchDialogProps) {
  return (
    <Dialog title={`${title(verb ?? "pause")} all matching instances?`} open={verb !== undefined} onClose={rest.onClose}>
      {verb !== undefined && <Question verb={verb} {...rest} />}
    </Dialog>
  );
}

function Question({
  workflow,
  filter,
  words = inWords(filter),
  verb,
  onClose,
  onBegun,
}: MatchDialogProps & { readonly verb: Verb }) {
  const { data: total, error, refetch } = useQuery(countQuery(workflow, filter, verb));
  const [failure, setFailure] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const begin = async (): Promise<void> => {
    setBusy(true);
    try {
      await act(workflow, filter, verb);
      onClose();
      onBegun?.();
    } catch (cause) {
      setFailure(cause instanceof Error ? cause : new Error(String(cause)));
      setBusy(false);
    }
  };
  const count = total && countText(total);
  return (
    <>
      {error !== null && <Problem cause={error} retry={() => void refetch()} />}
      {failure && <Problem cause={failure} />}
      <p role="status" className="min-h-10">
        {count === undefined ? (
          "Counting…"
        ) : (
          <>
            <strong className="tabular-nums">{count}</strong> instances of {workflow}
            {words === "" ? "" : `: ${words}`}.{" "}
          </>
        )}
        {consequence(verb)} Instances created from now on are not affected.
      </p>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button
          look="main"
          disabled={busy || total === undefined || (total.count === 0 && !total.at_least)}
          onClick={() => void begin()}
        >
          {title(verb)} {count ?? "…"}
        </Button>
      </div>
    </>
  );
}

/** Running actions, and those started in this browser until they are dismissed. */
export function Actions({ workflow }: { readonly workflow: string }) {
  const { data: actions = [] } = useQuery(actionsQuery(workflow));
  const { data: begun } = useQuery(begunQuery(workflow));
  const states = actions.map(({ id, state }) => `${id} ${state}`).join();
  useEffect(() => {
    for (const queryKey of [["instances", workflow], ["workflow", workflow], ["errors"]])
      void queryClient.invalidateQueries({ queryKey });
  }, [states, workflow]);
  const shown = actions.filter(({ id, state }) => state === "running" || begun.includes(id));
  return (
    <ul aria-label="Bulk actions" className="flex flex-col gap-2 empty:hidden">
      {shown.map((action) => {
        const { id, action: verb, state, done, refused, total } = action;
        const passed = refused.reduce((sum, { count }) => sum + count, 0);
        return (
          <li key={id} className="flex flex-wrap items-center gap-3 rounded-md border border-line bg-panel px-3 py-2">
            <strong className="font-medium">{title(verb)} all</strong>
            <Progress
              aria-label={`${title(verb)} all matching instances`}
              {...(!total.at_least && { value: done + passed, max: Math.max(total.count, done + passed, 1) })}
              {...(state !== "running" && { value: 1, max: 1 })}
            />
            <span role="status" className="tabular-nums">
              {done.toLocaleString()} of {countText(total)} {PAST[verb]}
              {passed > 0 && `, ${passed.toLocaleString()} skipped`}
              {state !== "running" && ` · ${ENDED[state]}`}
            </span>
            <span className="min-w-0 flex-1 truncate text-quiet">
              {refused.map(({ message, count }) => `${count.toLocaleString()} × ${message}`).join("; ")}
            </span>
            {state === "running" ? (
              <Button needs="operator" onClick={() => void stopAction(workflow, id)}>
                Stop
              </Button>
            ) : (
              <Button look="bare" onClick={() => dismissAction(workflow, id)}>
                Dismiss
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
}

const PAST: Readonly<Record<Verb, string>> = {
  pause: "paused",
  resume: "resumed",
  restart: "restarted",
  terminate: "terminated",
  delete: "deleted",
};

const ENDED = { done: "finished", stopped: "stopped", failed: "failed; the reason is in the server's log" } as const;

/** What an action does to instances, for the question before it. */
export function consequence(verb: Verb): string {
  return verb === "delete" ? "Their history is deleted." : `Instances that can't be ${PAST[verb]} are skipped.`;
}

/** How many there are, or at least. */
export interface Total {
  readonly count: number;
  readonly at_least: boolean;
}

/** `10,000+` where no more were counted. */
export function countText({ count, at_least: isMore }: Total): string {
  return `${count.toLocaleString()}${isMore ? "+" : ""}`;
}

/** A verb with a capital letter. */
export function title(verb: Verb): string {
  return verb.slice(0, 1).toUpperCase() + verb.slice(1);
}
