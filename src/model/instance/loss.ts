/**
 * Attempts that were cut off because their run was lost: with its host, or with the server. None of them counts as a retry.
 * Those that were lost with a host are counted apart, and end the step when there have been too many in a row; see
 * `docs/decisions/0165-a-lost-attempt-is-not-a-retry.md`.
 */
import type { LossKind } from "./events.ts";
import type { ErrorInfo } from "../values/error-info.ts";
import type { DoStep, InstanceState, LostAttempts } from "./state.ts";
import { LIMITS } from "../limits.ts";
import { displayName } from "../step/step.ts";

/** The loss of a run. `how` is a clause about what happened, for errors and logs. */
export interface Loss {
  readonly kind: LossKind;
  readonly how: string;
}

/** The loss of whatever ran when a server ended, or a commit failed. */
export const WITH_SERVER: Loss = { kind: "server", how: "the server ended or could not store the result" };

const NONE: LostAttempts = { attempts: 0, shared: 0, alone: 0 };

/** Counts one more. */
export function addLoss(before: LostAttempts = NONE, kind: LossKind): LostAttempts {
  return {
    attempts: before.attempts + 1,
    shared: before.shared + (kind === "shared" ? 1 : 0),
    alone: before.alone + (kind === "alone" ? 1 : 0),
  };
}

/** What is left of the count when an attempt has ended by itself. */
export function endRow(lost: LostAttempts | undefined): LostAttempts | undefined {
  return lost === undefined || lost.shared + lost.alone === 0 ? lost : { ...NONE, attempts: lost.attempts };
}

/** How many attempts of a step have failed by themselves up to the given one (1-based). Retries are counted from this. */
export function failures(step: Pick<DoStep, "lost">, attempt: number): number {
  return attempt - (step.lost?.attempts ?? 0);
}

/** The failure of an attempt that was running when its run was lost. */
export interface LostAttempt {
  readonly attempt: number;
  readonly error: ErrorInfo;
  readonly lost: LossKind;
  /** Absent when no retry follows. */
  readonly retryDelayMs?: number;
}

/** Delay after the first loss alone, in milliseconds; it doubles with each. After others the next attempt follows at once. */
const FIRST_DELAY_MS = 1_000;

/** Undefined when none was running. `now` is epoch milliseconds. */
export function lostAttempt(step: DoStep, loss: Loss, now: number): LostAttempt | undefined {
  const { phase, attempts: attempt } = step;
  if (phase.is !== "attempting" && phase.is !== "succeeded") return undefined;
  const { kind } = loss;
  const total = addLoss(step.lost, kind);
  const ranMs = phase.is === "attempting" ? Math.max(0, now - phase.since) : undefined;
  const name = "WorkflowInternalError";
  if (isTooMany(total)) return { attempt, lost: kind, error: { name, message: givenUp(step, loss, total, ranMs) } };
  const retryDelayMs = kind === "alone" ? FIRST_DELAY_MS * 2 ** (total.alone - 1) : 0;
  return { attempt, lost: kind, error: { name, message: cutOff(loss, total, ranMs) }, retryDelayMs };
}

/** True when so many losses in a row, of a step or of an instance that started none, are its own doing. */
export function isTooMany({ shared, alone }: Pick<LostAttempts, "shared" | "alone">): boolean {
  return alone > LIMITS.recoveries || shared > LIMITS.sharedRecoveries;
}

function cutOff({ kind, how }: Loss, { alone }: LostAttempts, ranMs: number | undefined): string {
  const company = {
    server: "",
    shared: "; it was one of several runs there",
    alone: `; it was the only run there, for the ${ordinal(alone)} time`,
  };
  return `Attempt failed due to internal workflows error: ${how}${after(ranMs)}${company[kind]}. This does not count as a retry`;
}

function givenUp({ name, count, attempts }: DoStep, { how }: Loss, total: LostAttempts, ranMs: number | undefined): string {
  const times =
    total.alone > LIMITS.recoveries
      ? `${total.alone} times in a row, alone`
      : `${total.shared} times in a row, as one of several`;
  return `Step "${displayName(name, count)}" is given up: an attempt of it was lost with its host ${times}; at attempt ${attempts}, ${how}${after(ranMs)}`;
}

function after(ms: number | undefined): string {
  return ms === undefined ? "" : `, ${ms} ms after the attempt began`;
}

function ordinal(n: number): string {
  return `${n}${["th", "st", "nd", "rd"][n] ?? "th"}`;
}

/** The losses in a row of an instance that has started nothing since, with one more. */
export function losses(
  { recoveries, sharedRecoveries }: Pick<InstanceState, "recoveries" | "sharedRecoveries">,
  { kind }: Loss,
): LostAttempts {
  return addLoss({ attempts: 0, alone: recoveries, shared: sharedRecoveries }, kind);
}

/** Why an instance fails that was lost too often before it had started anything. */
export function neverStarts({ how }: Loss, times: number): ErrorInfo {
  const message = `The instance was lost with its host ${times} times in a row without starting a step; the last time, ${how}`;
  return { name: "WorkflowInternalError", message };
}
