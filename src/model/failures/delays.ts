/** Entries of the failure catalogue: delays that are skipped by hand. */
import type { FailureTable } from "./kind.ts";

export const DELAY_FAILURES = {
  "instance.not_delayed": {
    code: 11060,
    status: 409,
    sentence: "The instance is neither sleeping in this step nor waiting to retry it",
    hint: "Check what the instance waits for. Resume it first if it is paused.",
  },
} as const satisfies FailureTable;
