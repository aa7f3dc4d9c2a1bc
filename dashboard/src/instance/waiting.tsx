/** Why an instance does not go on, in a sentence, with the button that helps. */
import { useState } from "react";
import { changeStatus, sendEvent } from "../api/actions.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Editor, parseJson } from "../ui/editor.tsx";
import { Problem } from "../ui/problem.tsx";
import { Moment } from "../ui/time.tsx";
import { splitName, type Entry, type Timeline } from "./timeline.ts";

/** What an instance waits for. */
type Reason =
  | { readonly kind: "event"; readonly entry: Entry; readonly type: string }
  | { readonly kind: "sleep"; readonly entry: Entry }
  | { readonly kind: "retry"; readonly entry: Entry }
  | { readonly kind: "paused" }
  | { readonly kind: "pausing" }
  | { readonly kind: "queued" };

/** The reasons why it stands still; none while it is at work, or over. */
function reasonsOf({ status, steps }: Timeline): Reason[] {
  if (status === "paused") return [{ kind: "paused" }];
  if (status === "waitingForPause") return [{ kind: "pausing" }];
  if (status === "queued") return [{ kind: "queued" }];
  if (status !== "waiting" && status !== "running") return [];
  return steps.flatMap((entry): Reason[] => {
    if (entry.state !== "running") return [];
    if (entry.type === "waitForEvent") return [{ kind: "event", entry, type: entry.event_type ?? "" }];
    if (entry.type === "sleep") return [{ kind: "sleep", entry }];
    return entry.type === "step" && entry.attempts?.at(-1)?.error !== undefined ? [{ kind: "retry", entry }] : [];
  });
}

/** So many reasons are told one by one. */
const SHOWN = 5;

export function Waiting({ timeline }: { readonly timeline: Timeline }) {
  const reasons = reasonsOf(timeline);
  if (reasons.length === 0) return null;
  return (
    <section aria-label="Why it is waiting" className="flex flex-col gap-2 rounded-lg border border-wait/50 bg-panel p-3">
      {reasons.slice(0, SHOWN).map((reason) => (
        <div
          key={"entry" in reason ? reason.entry.type + reason.entry.name : reason.kind}
          className="flex flex-wrap items-center gap-3"
        >
          <Sentence reason={reason} />
          <Help timeline={timeline} reason={reason} />
        </div>
      ))}
      {reasons.length > SHOWN && <p className="text-quiet">And for {reasons.length - SHOWN} things more.</p>}
    </section>
  );
}

function Sentence({ reason }: { readonly reason: Reason }) {
  switch (reason.kind) {
    case "event":
      return (
        <p>
          Waiting for an event of type <code className="font-mono font-semibold">{reason.type}</code>, in{" "}
          <b>{splitName(reason.entry.name).name}</b>
          {reason.entry.end !== null && (
            <>
              ; it gives up <Moment at={reason.entry.end} />
            </>
          )}
          .
        </p>
      );
    case "sleep":
      return (
        <p>
          Sleeping in <b>{splitName(reason.entry.name).name}</b>; it goes on <Moment at={reason.entry.end} />.
        </p>
      );
    case "retry": {
      const { attempts = [], name } = reason.entry;
      return (
        <p>
          Attempt {attempts.length} of <b>{splitName(name).name}</b> failed (
          <span className="text-bad">{attempts.at(-1)?.error?.message}</span>); the next one comes by itself.
        </p>
      );
    }
    case "paused":
      return <p>Paused. Nothing happens until it is resumed.</p>;
    case "pausing":
      return <p>It will be paused as soon as the steps under way have ended.</p>;
    case "queued":
      return <p>Queued: it starts when there is room for it.</p>;
  }
}

function Help({ timeline, reason }: { readonly timeline: Timeline; readonly reason: Reason }) {
  if (reason.kind === "event") return <SendEvent timeline={timeline} type={reason.type} />;
  if (reason.kind === "paused" || reason.kind === "pausing")
    return (
      <Button needs="operator" onClick={() => void changeStatus(timeline.workflow, timeline.id, { status: "resume" })}>
        Resume
      </Button>
    );
  return null;
}

interface SendEventProps {
  readonly timeline: Pick<Timeline, "workflow" | "id">;
  readonly type: string;
}

/** Asks for a payload, and sends it. */
export function SendEvent({ timeline: { workflow, id }, type: wanted }: SendEventProps) {
  const [open, setOpen] = useState(false);
  const [type, setType] = useState(wanted);
  const [text, setText] = useState("{}");
  const [failure, setFailure] = useState<Error>();
  const parsed = parseJson(text);
  const send = async (): Promise<void> => {
    if (!("value" in parsed)) return;
    try {
      await sendEvent(workflow, id, type, parsed.value);
      setFailure(undefined);
      setOpen(false);
    } catch (cause) {
      setFailure(cause instanceof Error ? cause : new Error(String(cause)));
    }
  };
  return (
    <>
      <Button needs="operator" onClick={() => setOpen(true)}>
        Send event
      </Button>
      <Dialog title="Send an event" open={open} onClose={() => setOpen(false)}>
        <label className="flex flex-col gap-1">
          Type
          <input
            value={type}
            onChange={({ target }) => setType(target.value)}
            className="rounded-md border border-line bg-page px-2.5 py-1 font-mono"
          />
        </label>
        <div className="flex flex-col gap-1">
          Payload
          <Editor label="Payload" value={text} onChange={setText} />
          {"problem" in parsed && <p className="text-bad">{parsed.problem}</p>}
        </div>
        {failure && <Problem cause={failure} />}
        <div className="flex justify-end gap-2">
          <Button onClick={() => setOpen(false)}>Cancel</Button>
          <Button look="main" disabled={type === "" || "problem" in parsed} onClick={() => void send()}>
            Send
          </Button>
        </div>
      </Dialog>
    </>
  );
}
