/** The actions that the status of an instance allows. */
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { changeStatus, deleteInstance, type Change } from "../api/actions.ts";
import { instanceUrl } from "../api/queries.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Problem } from "../ui/problem.tsx";
import { isFinal } from "../ui/status.tsx";
import { useAttempt } from "./attempt.ts";
import { CopyMenu } from "./copy-menu.tsx";
import { Restart } from "./restart.tsx";
import { SendEvent } from "./send-event.tsx";
import type { Timeline } from "./timeline.ts";

type Asked = "terminate" | "delete";

export function Actions({ timeline }: { readonly timeline: Timeline }) {
  const { workflow, id, status } = timeline;
  const navigate = useNavigate();
  const [asked, setAsked] = useState<Asked>();
  const { attempt, failure, busy } = useAttempt();
  const isOver = isFinal(status);
  const change = (to: Change): void => {
    setAsked(undefined);
    attempt(() => changeStatus(workflow, id, to));
  };
  const remove = (): void =>
    attempt(async () => {
      setAsked(undefined);
      await deleteInstance(workflow, id);
      await navigate({ to: "/workflows/$workflow", params: { workflow } });
    });

  return (
    <div className="no-print flex flex-wrap items-center gap-2">
      {!isOver && <SendEvent timeline={timeline} type="" />}
      {(status === "running" || status === "waiting" || status === "queued") && (
        <Button needs="operator" disabled={busy} onClick={() => change({ status: "pause" })}>
          Pause
        </Button>
      )}
      {(status === "paused" || status === "waitingForPause") && (
        <Button needs="operator" disabled={busy} onClick={() => change({ status: "resume" })}>
          Resume
        </Button>
      )}
      <Restart timeline={timeline} />
      <Button
        needs="operator"
        onClick={() => void navigate({ to: "/workflows/$workflow/new", params: { workflow }, search: { like: id } })}
        title="Create an instance with these params after editing them"
      >
        Run again…
      </Button>
      <CopyMenu timeline={timeline} />
      <a
        href={instanceUrl(workflow, id)}
        download={`${workflow}-${id}.json`}
        className="inline-flex items-center rounded-md border border-line bg-panel px-2.5 py-1 font-medium whitespace-nowrap hover:border-quiet"
      >
        Download history
      </a>
      <span className="hidden flex-1 lg:block" />
      {!isOver && (
        <Button needs="operator" look="danger" onClick={() => setAsked("terminate")}>
          Terminate
        </Button>
      )}
      <Button needs="operator" look="danger" onClick={() => setAsked("delete")}>
        Delete
      </Button>
      {failure && <Problem cause={failure} />}
      <Ask asked={asked} onCancel={() => setAsked(undefined)} onChange={change} onDelete={remove} />
    </div>
  );
}

interface AskProps {
  readonly asked: Asked | undefined;
  readonly onCancel: () => void;
  readonly onChange: (to: Change) => void;
  readonly onDelete: () => void;
}

/** What cannot be taken back is asked about first. */
function Ask({ asked, onCancel, onChange, onDelete }: AskProps) {
  return (
    <>
      <Dialog title="Delete this instance?" open={asked === "delete"} onClose={onCancel}>
        <p>Running steps are stopped, and its history is deleted.</p>
        <div className="flex justify-end gap-2">
          <Button onClick={onCancel}>Cancel</Button>
          <Button look="main" onClick={onDelete}>
            Delete
          </Button>
        </div>
      </Dialog>
      <Dialog title="Terminate this instance?" open={asked === "terminate"} onClose={onCancel}>
        <Termination onCancel={onCancel} onChange={onChange} />
      </Dialog>
    </>
  );
}

/** A component of its own, so that each time begins without a choice. */
function Termination({ onCancel, onChange }: Pick<AskProps, "onCancel" | "onChange">) {
  const [withRollback, setWithRollback] = useState(false);
  return (
    <>
      <label className="flex items-center gap-2">
        <input type="checkbox" checked={withRollback} onChange={({ target }) => setWithRollback(target.checked)} />
        Roll back completed steps that have a rollback
      </label>
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>Cancel</Button>
        <Button look="main" onClick={() => onChange({ status: "terminate", rollback: withRollback })}>
          Terminate
        </Button>
      </div>
    </>
  );
}
