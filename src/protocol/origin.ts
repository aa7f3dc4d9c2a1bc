/** The origin of user code, to attribute its output. The isolate reports it, so it is not trusted. */
import type { AttemptRef } from "../model/instance/events.ts";

/** An attempt of a step. */
export type AttemptOrigin = AttemptRef;

/** An instance, and the attempt in it, unless the code is outside of any step. */
export interface InstanceOrigin {
  readonly workflow: string;
  readonly instance: string;
  readonly step?: AttemptOrigin;
}

/** Where a line of user code comes from. */
export type Origin = InstanceOrigin | { readonly request: string };

/** An origin that came from an isolate; undefined when it is none. */
export function originOf(value: unknown): Origin | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { workflow, instance, step, request } = value as Record<string, unknown>;
  if (typeof request === "string") return { request };
  if (typeof workflow !== "string" || typeof instance !== "string") return undefined;
  const found = attemptOf(step);
  return found === undefined ? { workflow, instance } : { workflow, instance, step: found };
}

function attemptOf(value: unknown): AttemptOrigin | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { name, count, attempt } = value as Record<string, unknown>;
  if (typeof name !== "string" || typeof count !== "number" || typeof attempt !== "number") return undefined;
  return { name, count, attempt };
}
