/** Every scenario, by topic. */
import type { Scenario } from "../scenario.ts";
import { batches, binding } from "./binding.ts";
import { lifecycle, replay } from "./control.ts";
import { errors } from "./errors.ts";
import { restartFrom, rollback, sensitive, streams, subscribe } from "./features.ts";
import { delays, retrying, timeouts } from "./retries.ts";
import { memory } from "./memory.ts";
import { naming, nested, nonRetryable, parallel, stepObject, validation } from "./steps.ts";
import { values } from "./values.ts";
import { events, sleeps } from "./waiting.ts";

/** In the order of the report. Names are unique. */
export const SCENARIOS: readonly Scenario[] = [
  ...values,
  ...errors,
  ...nonRetryable,
  ...retrying,
  ...delays,
  ...timeouts,
  ...sleeps,
  ...events,
  ...memory,
  ...parallel,
  ...nested,
  ...validation,
  ...naming,
  ...stepObject,
  ...lifecycle,
  ...replay,
  ...binding,
  ...batches,
  ...sensitive,
  ...rollback,
  ...streams,
  ...subscribe,
  ...restartFrom,
];
