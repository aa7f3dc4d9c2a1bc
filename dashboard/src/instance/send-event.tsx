/** The dialog that sends an event with a type and a payload. */
import { useState } from "react";
import { sendEvent } from "../api/actions.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Editor, parseJson } from "../ui/editor.tsx";
import { Problem } from "../ui/problem.tsx";
import { useAttempt } from "./attempt.ts";
import type { Timeline } from "./timeline.ts";

interface SendEventProps {
  readonly timeline: Pick<Timeline, "workflow" | "id">;
  readonly type: string;
}

export function SendEvent({ timeline: { workflow, id }, type: wanted }: SendEventProps) {
  const [open, setOpen] = useState(false);
  const [type, setType] = useState(wanted);
  const [text, setText] = useState("{}");
  const { attempt, failure } = useAttempt();
  const parsed = parseJson(text);
  const send = async (): Promise<void> => {
    if (!("value" in parsed)) return;
    await sendEvent(workflow, id, type, parsed.value);
    setOpen(false);
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
          <Button look="main" disabled={type === "" || "problem" in parsed} onClick={() => attempt(send)}>
            Send
          </Button>
        </div>
      </Dialog>
    </>
  );
}
