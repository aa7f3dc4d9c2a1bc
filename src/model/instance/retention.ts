/**
 * How long an instance is kept once it has ended. What it was given itself comes first, then what its workflow says, then
 * the account, then our own default; success and error each on their own. A terminated instance counts as an error: it
 * did not do what it was made for, and users look for the reason among the errors.
 */
import type { Retention } from "./events.ts";
import type { InstanceState } from "./state.ts";
import { LIMITS } from "../limits.ts";

/** Retention of both kinds, in milliseconds. */
export type FullRetention = Required<Retention>;

/** What is in force, given what was said from the nearest to the farthest. */
export function resolveRetention(...said: readonly (Retention | undefined)[]): FullRetention {
  const first = (kind: keyof Retention): number =>
    said.find((each) => each?.[kind] !== undefined)?.[kind] ?? LIMITS.defaultRetentionMs;
  return { successMs: first("successMs"), errorMs: first("errorMs") };
}

/** When an instance may be deleted, in epoch milliseconds; null while it has not ended. `defaults` fill what it was not given. */
export function expiryOf(
  { status, endedAt, retention }: Pick<InstanceState, "status" | "endedAt" | "retention">,
  defaults: FullRetention,
): number | null {
  if (endedAt === null) return null;
  const kind = status === "complete" ? "successMs" : "errorMs";
  return endedAt + (retention?.[kind] ?? defaults[kind]);
}

/** How long counts of an hour are kept, in milliseconds. */
export const HOURLY_KEPT_MS: number = 48 * 3_600_000;
