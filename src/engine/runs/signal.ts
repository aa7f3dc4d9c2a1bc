/**
 * Tells a run what sets it going again, or stops it, once what was recorded so far is durable. These frames are counted: a
 * run that says that it is idle has to have heard all of them.
 */
import type { ToRuntime } from "../../protocol/frames.ts";
import type { Core } from "./core.ts";
import type { Live, Run } from "../state/live.ts";

/** Sends the frame when what it follows from is durable, unless the run is over by then. */
export function tell(
  { journal }: Core,
  live: Live,
  run: Run,
  frame: Extract<ToRuntime, { type: "outcome" | "retry" | "pause" | "unpause" }>,
): void {
  run.told += 1;
  journal.whenDurable(live, () => {
    if (live.run === run) run.link.send(frame);
  });
}

/** Tells the runs of a workflow what a test has arranged for them now. */
export function tellArrangements({ arrangements, instances }: Core, workflow: string): void {
  if (arrangements === undefined) return;
  for (const { run, workflow: of, id } of instances.all())
    if (run !== undefined && of === workflow)
      run.link.send({ type: "arrange", run: run.id, arrangements: arrangements.of(workflow, id) });
}
