/** What can be done to the instances that are chosen: counted before, followed while it goes on, and stopped when asked to. */
import { useRef, useState } from "react";
import { changeStatus, deleteInstance } from "../api/actions.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";

type Verb = "pause" | "resume" | "terminate" | "restart" | "delete";

const VERBS: readonly Verb[] = ["pause", "resume", "restart", "terminate", "delete"];

/** So many are asked for at a time. */
const AT_ONCE = 6;

interface SelectionProps {
  readonly workflow: string;
  readonly ids: ReadonlySet<string>;
  readonly onDone: () => void;
}

interface Progress {
  readonly verb: Verb;
  readonly total: number;
  readonly done: number;
  readonly refused: readonly string[];
  readonly isOver: boolean;
}

export function Selection({ workflow, ids, onDone }: SelectionProps) {
  const [asked, setAsked] = useState<Verb>();
  const [progress, setProgress] = useState<Progress>();
  const stopped = useRef(false);

  const run = async (verb: Verb): Promise<void> => {
    setAsked(undefined);
    stopped.current = false;
    const left = [...ids];
    const total = left.length;
    const refused: string[] = [];
    let done = 0;
    const tell = (isOver: boolean): void => setProgress({ verb, total, done, refused: [...refused], isOver });
    tell(false);
    const work = async (): Promise<void> => {
      for (let id = left.pop(); id !== undefined && !stopped.current; id = left.pop()) {
        await perform(workflow, id, verb).catch((cause: unknown) => refused.push(`${id}: ${String(cause)}`));
        done += 1;
        tell(false);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    tell(true);
    onDone();
  };

  if (ids.size === 0 && progress === undefined) return null;
  return (
    <div
      role="toolbar"
      aria-label="Chosen instances"
      className="flex flex-wrap items-center gap-2 rounded-md border border-line bg-panel p-2"
    >
      {progress === undefined ? (
        <>
          <span className="tabular-nums">{ids.size} chosen</span>
          {VERBS.map((verb) => (
            <Button
              key={verb}
              needs="operator"
              look={verb === "delete" || verb === "terminate" ? "danger" : "plain"}
              onClick={() => setAsked(verb)}
            >
              {title(verb)}
            </Button>
          ))}
        </>
      ) : (
        <>
          <progress value={progress.done} max={progress.total} aria-label={title(progress.verb)} />
          <span className="tabular-nums" role="status">
            {title(progress.verb)}: {progress.done} of {progress.total}
            {progress.refused.length > 0 && `, ${progress.refused.length} refused`}
          </span>
          {progress.isOver ? (
            <Button onClick={() => setProgress(undefined)}>Close</Button>
          ) : (
            <Button onClick={() => (stopped.current = true)}>Stop</Button>
          )}
          {progress.refused.length > 0 && (
            <ul className="w-full text-bad">
              {progress.refused.slice(0, 5).map((why) => (
                <li key={why}>{why}</li>
              ))}
            </ul>
          )}
        </>
      )}
      <Dialog
        title={`${title(asked ?? "pause")} ${ids.size} instances?`}
        open={asked !== undefined}
        onClose={() => setAsked(undefined)}
      >
        <p>{asked === "delete" ? "Their history is gone afterwards." : "Those that are in no state for it are passed over."}</p>
        <div className="flex justify-end gap-2">
          <Button onClick={() => setAsked(undefined)}>Cancel</Button>
          <Button look="main" onClick={() => asked !== undefined && void run(asked)}>
            {title(asked ?? "pause")} {ids.size}
          </Button>
        </div>
      </Dialog>
    </div>
  );
}

function title(verb: Verb): string {
  return verb.slice(0, 1).toUpperCase() + verb.slice(1);
}

function perform(workflow: string, id: string, verb: Verb): Promise<void> {
  return verb === "delete" ? deleteInstance(workflow, id) : changeStatus(workflow, id, { status: verb });
}
