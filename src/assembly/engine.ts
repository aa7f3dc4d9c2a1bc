/** The engine, and what calls Workers besides requests: cron triggers and queues, which need the engine as it needs them. */
import { join } from "node:path";
import { bindingHandler } from "../api/binding/workflow.ts";
import { withQueues } from "../api/binding/queue.ts";
import type { Engine } from "../engine/contract.ts";
import { openEngine, type EngineParts } from "../engine/open.ts";
import type { BindingHandler } from "../ports/executor.ts";
import type { Log } from "../ports/log.ts";
import { sqliteQueues } from "../stores/sqlite/queues/queues.ts";
import { CronTriggers } from "../workers/crons/cron.ts";
import { Queues } from "../queues/queues.ts";
import { Subscriptions } from "../queues/subscriptions.ts";
import { wholeStore } from "./whole-store.ts";

/** An engine that runs. */
export interface StartedEngine {
  readonly engine: Engine;
  readonly queues: Queues;
  readonly subscriptions: Subscriptions;
  /** Answers what the code of a host asks of its bindings. */
  readonly bindings: (host: AbortSignal) => BindingHandler;
  readonly close: (drainMs: number) => Promise<void>;
}

/** Starts them. Queues have a database of their own in the data directory, once there are any. */
export async function startEngine(
  parts: Omit<EngineParts, "bindings" | "followCron" | "log"> & { readonly log: Log; readonly accountId: string },
  data: string,
): Promise<StartedEngine> {
  const cron = new CronTriggers(parts);
  const opened = Promise.withResolvers<Queues>();
  const bindingsOf = (started: Engine, host: AbortSignal): BindingHandler =>
    withQueues(bindingHandler(started, host), opened.promise);
  const queueStore = sqliteQueues(join(data, "queues.db"));
  const subscriptions = await Subscriptions.open(parts);
  const engine = await openEngine({
    ...parts,
    notices: subscriptions,
    store: wholeStore(parts.store, [queueStore]),
    bindings: bindingsOf,
    followCron: (started) => cron.follow(started),
  });
  try {
    const queues = await Queues.open({ ...parts, store: queueStore }, engine);
    opened.resolve(queues);
    subscriptions.start(queues);
    const close = async (drainMs: number): Promise<void> => {
      await engine.close(drainMs);
      await subscriptions.close();
      await queues.close();
      await queueStore.close();
    };
    return { engine, queues, subscriptions, bindings: (host) => bindingsOf(engine, host), close };
  } catch (cause) {
    await engine.close();
    throw cause;
  }
}
