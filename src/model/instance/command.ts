/** What may be asked of an instance, and what is decided about it. */
import type { FailureName } from "../failures/failure.ts";
import type { StepKey } from "../step/step.ts";
import type { Encoded } from "../values/value.ts";
import type { EventBody, RuntimeEvent } from "./events.ts";
import type { ErrorInfo } from "../values/error-info.ts";
import type { Loss } from "./loss.ts";

/** What may be asked of an instance. */
export type Command =
  /** A fact from the code that runs the instance. */
  | { readonly type: "record"; readonly event: RuntimeEvent }
  /** There is a place for it: begin, or go on after a resume. */
  | { readonly type: "claim" }
  /** The run has nothing under way but waits. */
  | { readonly type: "idle" }
  /** Time has passed. */
  | { readonly type: "wake" }
  /** Its run is gone. */
  | { readonly type: "recover"; readonly loss: Loss }
  /** It cannot go on for now, for this reason, and has no run: pause it where it is. */
  | { readonly type: "suspend"; readonly reason: string }
  | { readonly type: "send_event"; readonly eventType: string; readonly payload: Encoded }
  /** As `send_event`, to one that waits and for which there is no place: it keeps the event until there is one. */
  | { readonly type: "hold_event"; readonly eventType: string; readonly payload: Encoded }
  /** What a step sleeps for, or waits for before its next attempt, is over now. */
  | { readonly type: "skip_delay"; readonly step: StepKey }
  | { readonly type: "pause" }
  | { readonly type: "resume" }
  /** `rollback`: what can be undone is undone first. */
  | { readonly type: "terminate"; readonly rollback: boolean }
  /** From the beginning, or keeping what had started before `from`. */
  | { readonly type: "restart"; readonly versionId: string; readonly from?: StepKey }
  /** It can never run: its code is gone, say. */
  | { readonly type: "fail"; readonly error: ErrorInfo };

/** Events to record (none when there is nothing to do), or why the command is refused. */
export type Decision = { readonly events: readonly EventBody[] } | { readonly refused: FailureName; readonly detail?: string };
