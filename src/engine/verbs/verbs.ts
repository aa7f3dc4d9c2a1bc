/** What verbs work with, and how a client's command reaches an instance. No verb keeps state of its own about an instance. */
import type { Command } from "../../model/instance/command.ts";
import type { EventBody } from "../../model/instance/events.ts";
import { Failure } from "../../model/failures/failure.ts";
import type { Core } from "../runs/core.ts";
import type { Scheduler } from "../schedule/scheduler.ts";
import type { Live } from "../state/live.ts";
import type { Admission } from "./admit.ts";

export interface Verbs {
  readonly core: Core;
  readonly scheduler: Scheduler;
  readonly admission: Admission;
}

/** Throws the `Failure` with which every change is refused: nothing can be stored now, or the engine is closing. */
export function checkOpen({ health, closing }: Pick<Core, "health" | "closing">): void {
  if (health.failure !== undefined) throw health.failure;
  if (closing) throw new Failure("shutting_down");
}

/** Applies a command. Throws a refusal, which has changed nothing; resolves when the change is durable. */
export async function applyDurably(core: Core, live: Live, command: Command): Promise<readonly EventBody[]> {
  checkOpen(core);
  const decision = core.instances.apply(live, command);
  if ("refused" in decision) {
    throw new Failure(decision.refused, decision.detail === undefined ? {} : { detail: decision.detail });
  }
  await core.journal.durable(live);
  return decision.events;
}
