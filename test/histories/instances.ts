/** The instances of a history: how each gets to where the upgrade finds it, and what must become of it afterwards. */
import type { SentEvent, ShownInstance, ToldInstance } from "./story.ts";

export interface Recorded extends Omit<ToldInstance, "shown"> {
  /** The name of its story in `project/stories/index.js`, if not its id. */
  readonly story?: string;
  /** Its status when the server is killed. */
  readonly status: string;
  /** Sent right after it has been created. */
  readonly events?: readonly SentEvent[];
  /** Made one after the other, each once the instance has a status. */
  readonly changes?: readonly { readonly from: string; readonly change: object }[];
  /** True once it has got as far as it has to, where its status does not say so. */
  readonly isSettled?: (shown: ShownInstance) => boolean;
}

const event = (type: string, payload: unknown): SentEvent => ({ type, payload });
const hasSteps =
  (count: number) =>
  ({ steps }: ShownInstance): boolean =>
    steps.length >= count;
const LATER = event("later", { kept: "before the upgrade" });
const KEPT = event("kept", { by: "Ada" });
const APPROVAL = event("approval", ["yes"]);

/** Waits when its code is deployed again, and goes on with the code that it began with. */
export const PINNED: Recorded = {
  status: "waiting",
  next: { events: [event("go", 1)], ending: { status: "complete", output: "first edition" } },
};

/** By id. */
export const INSTANCES: Readonly<Record<string, Recorded>> = {
  completed: { status: "complete" },
  errored: { status: "errored" },
  // `later` has no waiter yet, and is kept for one.
  waiting: {
    status: "waiting",
    events: [KEPT, LATER],
    isSettled: hasSteps(3),
    next: {
      events: [APPROVAL],
      ending: {
        status: "complete",
        output: { kept: KEPT.payload, approval: APPROVAL.payload, later: LATER.payload, late: "never-in-the-clear".length },
      },
    },
  },
  sleeping: { status: "waiting", later: { status: "complete", output: "awake" } },
  interrupted: {
    status: "running",
    isSettled: hasSteps(2),
    goesOn: { status: "complete", output: { before: "kept", after: "went on" } },
  },
  paused: {
    status: "paused",
    changes: [{ from: "waiting", change: { status: "pause" } }],
    next: { change: { status: "resume" }, events: [event("never", 1)], ending: { status: "complete", output: "resumed" } },
  },
  // Its first attempt has failed, and the next one is months away.
  retrying: { status: "waiting", isSettled: hasSteps(1), later: { status: "complete", output: "attempt 2" } },
  rolledBack: { status: "errored" },
  // Killed while it undoes a step.
  undoing: { status: "rollingBack", isSettled: hasSteps(3), goesOn: { status: "errored", output: null } },
  restarted: {
    status: "complete",
    changes: [{ from: "complete", change: { status: "restart", from: { name: "again", type: "do", count: 1 } } }],
    next: { change: { status: "restart" }, ending: { status: "complete", output: { kept: "first life", again: "ran" } } },
  },
  large: { status: "complete" },
  streamed: { status: "complete" },
  sensitive: {
    status: "waiting",
    isSettled: hasSteps(2),
    next: { events: [event("open", null)], ending: { status: "complete", output: true } },
  },
  terminated: { status: "terminated", changes: [{ from: "waiting", change: { status: "terminate" } }] },
};
