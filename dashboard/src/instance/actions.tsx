/** What can be done to an instance, as far as its status allows it. */
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { changeStatus, deleteInstance, type Change } from "../api/actions.ts";
import { instanceUrl } from "../api/queries.ts";
import { Button } from "../ui/button.tsx";
import { Copy } from "../ui/copy.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Problem } from "../ui/problem.tsx";
import { isFinal } from "../ui/status.tsx";
import { SendEvent } from "./waiting.tsx";
import type { Timeline } from "./timeline.ts";

type Asked = "terminate" | "delete";

export function Actions({ timeline }: { readonly timeline: Timeline }) {
  const { workflow, id, status } = timeline;
  const navigate = useNavigate();
  const [asked, setAsked] = useState<Asked>();
  const [withRollback, setWithRollback] = useState(false);
  const [failure, setFailure] = useState<Error>();
  const isOver = isFinal(status);

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setFailure(undefined);
    setAsked(undefined);
    await work().catch((cause: unknown) => setFailure(cause instanceof Error ? cause : new Error(String(cause))));
  };
  const change = (to: Change): void => void attempt(() => changeStatus(workflow, id, to));
  const remove = async (): Promise<void> => {
    await deleteInstance(workflow, id);
    await navigate({ to: "/workflows/$workflow", params: { workflow } });
  };

  return (
    <div className="no-print flex flex-wrap items-center gap-2">
      {!isOver && <SendEvent timeline={timeline} type="" />}
      {(status === "running" || status === "waiting" || status === "queued") && (
        <Button needs="operator" onClick={() => change({ status: "pause" })}>
          Pause
        </Button>
      )}
      {(status === "paused" || status === "waitingForPause") && (
        <Button needs="operator" onClick={() => change({ status: "resume" })}>
          Resume
        </Button>
      )}
      {!isOver && (
        <Button needs="operator" look="danger" onClick={() => setAsked("terminate")}>
          Terminate
        </Button>
      )}
      <Button needs="operator" onClick={() => change({ status: "restart" })}>
        Restart
      </Button>
      <Button
        needs="operator"
        onClick={() => void navigate({ to: "/workflows/$workflow/new", params: { workflow }, search: { like: id } })}
        title="A new instance with these params, which can be changed before"
      >
        Run again…
      </Button>
      <Button needs="operator" look="danger" onClick={() => setAsked("delete")}>
        Delete
      </Button>
      <Copy label="Copy curl" text={`curl -H "authorization: Bearer $TOKEN" ${location.origin}${instanceUrl(workflow, id)}`} />
      <Copy label="Copy wrangler" text={`npx wrangler workflows instances describe ${workflow} ${id}`} />
      <a href={instanceUrl(workflow, id)} download={`${id}.json`} className="plain text-quiet">
        Download history
      </a>
      {failure && <Problem cause={failure} />}
      <Dialog
        title={asked === "delete" ? "Delete this instance?" : "Terminate this instance?"}
        open={asked !== undefined}
        onClose={() => setAsked(undefined)}
      >
        {asked === "delete" ? (
          <p>What it is doing is cut off, and its history is gone afterwards.</p>
        ) : (
          <label className="flex items-center gap-2">
            <input type="checkbox" checked={withRollback} onChange={({ target }) => setWithRollback(target.checked)} />
            Undo the steps that have a rollback
          </label>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={() => setAsked(undefined)}>Cancel</Button>
          {asked === "delete" ? (
            <Button look="main" onClick={() => void attempt(remove)}>
              Delete
            </Button>
          ) : (
            <Button look="main" onClick={() => change({ status: "terminate", rollback: withRollback })}>
              Terminate
            </Button>
          )}
        </div>
      </Dialog>
    </div>
  );
}
