/** Actions on selected instances: confirmed with their number, shown with progress, and stopped on request. */
import { useRef, useState } from "react";
import { changeStatus, deleteInstance } from "../api/actions.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Progress } from "../ui/progress.tsx";
import type { InstanceFilter } from "./filter.ts";
import { consequence, countText, MatchDialog, title, type Total } from "./matching.tsx";
import type { Verb } from "./queries.ts";

const VERBS: readonly Verb[] = ["pause", "resume", "restart", "terminate", "delete"];

/** So many are asked for at a time. */
const AT_ONCE = 6;

interface SelectionProps {
  readonly workflow: string;
  readonly filter: InstanceFilter;
  /** Undefined when all matching instances are selected. */
  readonly ids: ReadonlySet<string> | undefined;
  readonly total: Total | undefined;
  readonly onAll: () => void;
  readonly onNone: () => void;
}

export function Selection({ workflow, filter, ids, total, onAll, onNone }: SelectionProps) {
  const [asked, setAsked] = useState<Verb>();
  const { progress, run, stop, close } = useWork(workflow);
  const count = ids?.size ?? 0;
  const begin = (verb: Verb): void => {
    setAsked(undefined);
    void run(verb, [...(ids ?? [])]).then(onNone);
  };
  return (
    <div
      role="toolbar"
      aria-label="Selection"
      className="no-print flex min-h-12 flex-wrap items-center gap-2 rounded-md border border-line bg-panel px-3 py-2"
    >
      {progress !== undefined ? (
        <Working progress={progress} onStop={stop} onClose={close} />
      ) : ids?.size === 0 ? (
        <Idle total={total} onAll={onAll} />
      ) : (
        <>
          <span className="tabular-nums">
            {ids === undefined ? `All ${total ? countText(total) : ""} selected` : `${count} selected`}
          </span>
          {VERBS.map((verb) => (
            <Button
              needs="operator"
              key={verb}
              look={verb === "delete" || verb === "terminate" ? "danger" : "plain"}
              onClick={() => setAsked(verb)}
            >
              {title(verb)}
            </Button>
          ))}
          {ids !== undefined && <All total={total} onAll={onAll} />}
          <Button look="bare" className="text-quiet" onClick={onNone}>
            Clear selection
          </Button>
        </>
      )}
      <MatchDialog
        workflow={workflow}
        filter={filter}
        verb={ids === undefined ? asked : undefined}
        onClose={() => setAsked(undefined)}
        onBegun={onNone}
      />
      <Dialog
        title={`${title(asked ?? "pause")} ${count} instances?`}
        open={asked !== undefined && ids !== undefined}
        onClose={() => setAsked(undefined)}
      >
        <p>{consequence(asked ?? "pause")}</p>
        <div className="flex justify-end gap-2">
          <Button onClick={() => setAsked(undefined)}>Cancel</Button>
          <Button look="main" onClick={() => asked !== undefined && begin(asked)}>
            {title(asked ?? "pause")} {count}
          </Button>
        </div>
      </Dialog>
    </div>
  );
}

function All({ total, onAll }: Pick<SelectionProps, "total" | "onAll">) {
  const isEmpty = total === undefined || (total.count === 0 && !total.at_least);
  return (
    <Button look="bare" className="text-accent" disabled={isEmpty} onClick={onAll}>
      Select all {total && countText(total)}
    </Button>
  );
}

function Idle({ total, onAll }: Pick<SelectionProps, "total" | "onAll">) {
  return (
    <>
      <span className="tabular-nums">{total === undefined ? "Counting…" : `${countText(total)} instances`}</span>
      <All total={total} onAll={onAll} />
      <span className="text-quiet max-md:hidden">or select rows; Shift selects a range</span>
    </>
  );
}

interface Standing {
  readonly verb: Verb;
  readonly total: number;
  readonly done: number;
  readonly refused: readonly string[];
  readonly isOver: boolean;
}

interface WorkingProps {
  readonly progress: Standing;
  readonly onStop: () => void;
  readonly onClose: () => void;
}

function Working({ progress: { verb, total, done, refused, isOver }, onStop, onClose }: WorkingProps) {
  return (
    <>
      <Progress value={done} max={total} aria-label={title(verb)} />
      <span className="tabular-nums" role="status">
        {title(verb)}: {done} of {total}
        {refused.length > 0 && `, ${refused.length} failed`}
      </span>
      {isOver ? <Button onClick={onClose}>Close</Button> : <Button onClick={onStop}>Stop</Button>}
      {refused.length > 0 && (
        <ul className="w-full text-bad">
          {refused.slice(0, 5).map((why) => (
            <li key={why}>{why}</li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Does one thing to instances that are known by their ids, a few at a time. */
function useWork(workflow: string) {
  const [progress, setProgress] = useState<Standing>();
  const stopped = useRef(false);
  const run = async (verb: Verb, ids: readonly string[]): Promise<void> => {
    stopped.current = false;
    const left = [...ids];
    const refused: string[] = [];
    let done = 0;
    const tell = (isOver: boolean): void => setProgress({ verb, total: ids.length, done, refused: [...refused], isOver });
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
  };
  const stop = (): void => {
    stopped.current = true;
  };
  return { progress, run, stop, close: () => setProgress(undefined) };
}

function perform(workflow: string, id: string, verb: Verb): Promise<void> {
  return verb === "delete" ? deleteInstance(workflow, id) : changeStatus(workflow, id, { status: verb });
}
