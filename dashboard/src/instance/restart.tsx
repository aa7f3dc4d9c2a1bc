/** Restarts an instance from the beginning or from a step, after a confirmation because side effects happen again. */
import { useState } from "react";
import { changeStatus } from "../api/actions.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { isFinal } from "../ui/status.tsx";
import { attempt } from "../ui/toast.tsx";
import { splitName, type Entry, type Timeline } from "./timeline.ts";

interface RestartProps {
  readonly timeline: Timeline;
  /** The step to begin with; absent for the beginning. */
  readonly from?: Entry;
  readonly label?: string;
}

export function Restart({ timeline: { workflow, id, status }, from, label = "Restart" }: RestartProps) {
  const [isAsked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const step = from && splitName(from.name);
  const restart = async (): Promise<void> => {
    setAsked(false);
    setBusy(true);
    const type = from?.type === "sleep" || from?.type === "waitForEvent" ? from.type : "do";
    await attempt(step === undefined ? `Restart of ${id}` : `Restart of ${id} from ${step.name}`, () =>
      changeStatus(workflow, id, { status: "restart", ...(step && { from: { ...step, type } }) }),
    );
    setBusy(false);
  };
  return (
    <>
      <Button needs="operator" className="no-print" disabled={busy} onClick={() => setAsked(true)}>
        {label}
      </Button>
      <Dialog
        title={step === undefined ? "Restart this instance?" : `Restart from ${step.name}?`}
        open={isAsked}
        onClose={() => setAsked(false)}
      >
        {!isFinal(status) && <p>Running steps are stopped.</p>}
        <p>
          {step === undefined
            ? "It runs again from the beginning with the same params, on the active version. "
            : "Earlier steps keep their results. This step and all later ones run again, on the active version. "}
          Side effects of these steps happen again.
        </p>
        <div className="flex justify-end gap-2">
          <Button onClick={() => setAsked(false)}>Cancel</Button>
          <Button look="main" onClick={() => void restart()}>
            Restart
          </Button>
        </div>
      </Dialog>
    </>
  );
}
