/** Entries of the failure catalogue: delays that are skipped by hand. */
import type { FailureKind } from "./kind.ts";

export type DelayFailureName = "instance.not_delayed";

export const DELAY_FAILURES: Readonly<Record<DelayFailureName, FailureKind>> = {
  "instance.not_delayed": {
    code: 11060,
    status: 409,
    sentence: "The instance is neither sleeping in this step nor waiting to retry it",
    hint: "Check what the instance waits for. Resume it first if it is paused.",
  },
};
