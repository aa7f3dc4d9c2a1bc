/** Explains why an instance is waiting, with the button that unblocks it. */
import { skipToken, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { changeStatus } from "../api/actions.ts";
import { Button } from "../ui/button.tsx";
import { Command } from "../ui/copy.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Problem } from "../ui/problem.tsx";
import { exactText, spanText, useNow } from "../ui/time.tsx";
import { useAttempt } from "./attempt.ts";
import { Restart } from "./restart.tsx";
import { setLimit, skipDelay, versionExistsQuery, waitsQuery } from "./queries.ts";
import { reasonsOf, standing, type Reason } from "./reasons.ts";
import { SendEvent } from "./send-event.tsx";
import { splitName, type Entry, type Timeline } from "./timeline.ts";

/** Further reasons are only counted. */
const SHOWN = 5;

export function Waiting({ timeline }: { readonly timeline: Timeline }) {
  const { workflow, id, version_id: version, status } = timeline;
  const at = standing(timeline);
  const waiting = waitsQuery(workflow, id, at ?? "");
  const { data: waits } = useQuery({ ...waiting, ...(at === undefined && { queryFn: skipToken }) });
  const pinned = versionExistsQuery(workflow, version);
  const { data: hasVersion } = useQuery({ ...pinned, ...(status !== "errored" && { queryFn: skipToken }) });
  const reasons = reasonsOf(timeline, at === undefined ? undefined : waits, hasVersion);
  if (reasons.length === 0) return null;
  const isBad = reasons[0]?.kind === "unrunnable";
  return (
    <section
      aria-label="Why this instance is waiting"
      className={`flex flex-col gap-2 rounded-lg border border-l-4 bg-panel px-3 py-2.5 ${isBad ? "border-bad/50 border-l-bad" : "border-wait/40 border-l-wait"}`}
    >
      {reasons.slice(0, SHOWN).map((reason) => (
        <div
          key={"entry" in reason ? reason.entry.type + reason.entry.name : reason.kind}
          className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-2"
        >
          <Sentence reason={reason} />
          <Help timeline={timeline} reason={reason} />
        </div>
      ))}
      {reasons.length > SHOWN && <p className="text-quiet">And {reasons.length - SHOWN} more.</p>}
    </section>
  );
}

function Sentence({ reason }: { readonly reason: Reason }) {
  switch (reason.kind) {
    case "event":
      return (
        <p>
          Waiting for an event of type <code className="font-mono font-semibold">{reason.type}</code>, in{" "}
          <Step entry={reason.entry} />
          <When due={reason.due} before="; times out " />.
        </p>
      );
    case "sleep":
      return (
        <p>
          Sleeping in <Step entry={reason.entry} />
          <When due={reason.due} before="; resumes " />.
        </p>
      );
    case "retry": {
      const { attempts } = reason.entry;
      return (
        <p className="min-w-0 break-words">
          Attempt {attempts.length} of <Step entry={reason.entry} /> failed (
          <span className="text-bad">{attempts.at(-1)?.error?.message}</span>)
          <When due={reason.due} before="; next attempt " />.
        </p>
      );
    }
    case "place":
      return <Place reason={reason} />;
    case "queued":
      return <p>Queued; it starts in a moment.</p>;
    case "paused":
      return reason.why === undefined ? (
        <p>Paused until it is resumed.</p>
      ) : (
        <p className="min-w-0 break-words">
          Paused by the server: <span className="text-bad">{reason.why}</span> Fix the cause, then resume the instance; nothing is
          lost.
        </p>
      );
    case "pausing":
      return <p>Pausing: waiting for running steps to finish.</p>;
    case "unrunnable":
      return (
        <p>
          {reason.isVersionGone
            ? "The version that it ran on no longer exists. "
            : "It failed because it could not be run, not because of its code. "}
          Deploy the Worker again, then restart it.
        </p>
      );
  }
}

function Place({ reason: { place, isDue } }: { readonly reason: Extract<Reason, { kind: "place" }> }) {
  const [taken, limit] = [place.taken.toLocaleString(), place.limit.toLocaleString()];
  return (
    <p>
      {isDue ? "Ready to run" : "Queued"}, waiting for a free slot:{" "}
      {place.of === "workflow" ? (
        <>
          <b className="tabular-nums">
            {taken} of {limit}
          </b>{" "}
          slots of this workflow are in use.
        </>
      ) : (
        <>
          <b className="tabular-nums">
            {taken} of {limit}
          </b>{" "}
          slots of the server are in use.
        </>
      )}
    </p>
  );
}

function Step({ entry }: { readonly entry: Entry }) {
  return <b className="break-words">{splitName(entry.name).name}</b>;
}

function When({ due, before }: { readonly due: number | undefined; readonly before: string }) {
  if (due === undefined) return null;
  return (
    <>
      {before}
      <Due at={due} />
    </>
  );
}

/** How long it is until then, and when that is. */
function Due({ at }: { readonly at: number }) {
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={exactText(at)} className="tabular-nums">
      {at <= now ? "now" : `in ${spanText(at - now)}, at ${new Date(at).toLocaleString(undefined, SHORT)}`}
    </time>
  );
}

const SHORT: Intl.DateTimeFormatOptions = { weekday: "short", hour: "numeric", minute: "2-digit" };

function Help({ timeline, reason }: { readonly timeline: Timeline; readonly reason: Reason }) {
  const { workflow, id } = timeline;
  switch (reason.kind) {
    case "event":
      return <SendEvent timeline={timeline} type={reason.type} />;
    case "sleep":
      return (
        <Do what="Skip the sleep" work={() => skipDelay(workflow, id, { ...splitName(reason.entry.name), type: "sleep" })} />
      );
    case "retry":
      return <Do what="Retry now" work={() => skipDelay(workflow, id, { ...splitName(reason.entry.name), type: "do" })} />;
    case "place":
      return reason.place.of === "workflow" ? (
        <RaiseLimit workflow={workflow} limit={reason.place.limit} />
      ) : (
        <div className="w-full max-w-2xl">
          <Command text={`stepwell serve --max-running ${reason.place.limit * 2}`} />
        </div>
      );
    case "paused":
    case "pausing":
      return <Do what="Resume" work={() => changeStatus(workflow, id, { status: "resume" })} />;
    case "unrunnable":
      return (
        <>
          <div className="w-full max-w-2xl">
            <Command text="npx wrangler deploy" />
          </div>
          <Restart timeline={timeline} label="Restart with the newest version" />
        </>
      );
    case "queued":
      return null;
  }
}

function Do({ what, work }: { readonly what: string; readonly work: () => Promise<void> }) {
  const { attempt, failure, busy } = useAttempt();
  return (
    <>
      <Button needs="operator" className="no-print" disabled={busy} onClick={() => attempt(work)}>
        {what}
      </Button>
      {failure && <Problem cause={failure} />}
    </>
  );
}

function RaiseLimit({ workflow, limit }: { readonly workflow: string; readonly limit: number }) {
  const [open, setOpen] = useState(false);
  const [wanted, setWanted] = useState("");
  const { attempt, failure, busy } = useAttempt();
  const number = Number(wanted);
  const isValid = wanted === "" || (Number.isSafeInteger(number) && number >= 1);
  const ask = (): void => {
    setWanted(String(limit * 2));
    setOpen(true);
  };
  const raise = async (): Promise<void> => {
    await setLimit(workflow, wanted === "" ? null : number);
    setOpen(false);
  };
  return (
    <>
      <Button needs="admin" className="no-print" onClick={ask}>
        Raise the limit
      </Button>
      <Dialog title={`How many instances of ${workflow} may run at once?`} open={open} onClose={() => setOpen(false)}>
        <label className="flex flex-col gap-1">
          Limit (empty: none)
          <input
            inputMode="numeric"
            value={wanted}
            onChange={({ target }) => setWanted(target.value)}
            className="w-40 rounded-md border border-line bg-page px-2.5 py-1 tabular-nums"
          />
        </label>
        <p className="text-quiet">
          It takes effect at once, until a deployment of the Worker sets another{" "}
          <code className="font-mono">concurrency.limit</code>.
        </p>
        {failure && <Problem cause={failure} />}
        <div className="flex justify-end gap-2">
          <Button onClick={() => setOpen(false)}>Cancel</Button>
          <Button look="main" disabled={!isValid || busy} onClick={() => attempt(raise)}>
            Set the limit
          </Button>
        </div>
      </Dialog>
    </>
  );
}
