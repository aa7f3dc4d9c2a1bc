/** The part of the catalogue (`errors.ts`) about delays that people cut short. */
import type { FailureTable } from "./kind.ts";

export const DELAY_FAILURES = {
  "instance.not_delayed": {
    code: 11060,
    status: 409,
    sentence: "The instance does not sleep in such a step, nor wait to retry it",
    hint: "Read what it waits for; one that is paused is resumed first.",
  },
} as const satisfies FailureTable;
