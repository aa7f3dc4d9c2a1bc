/**
 * The engine, and what calls Workers besides requests: cron triggers and queues. They are built in layers: hosts first, then what
 * runs and calls Workers in them, and at last what answers Workers. Nothing is at work before that.
 */
import { join } from "node:path";
import { bindingAnswers } from "../api/binding/answers.ts";
import { DataPoints } from "../bindings/analytics/points.ts";
import { RateWindows } from "../bindings/ratelimit/windows.ts";
import type { Engine } from "../engine/contract.ts";
import { type EngineHosts, type EngineParts, openEngine } from "../engine/open.ts";
import type { Log } from "../ports/log.ts";
import type { Executor } from "../ports/executor.ts";
import type { ScriptCalls } from "../ports/script-calls.ts";
import type { Vault } from "../ports/vault.ts";
import { SqliteDataPoints } from "../stores/sqlite/analytics/points.ts";
import { emailAnswers } from "../bindings/email/server.ts";
import { imageAnswers } from "../bindings/images/server.ts";
import { ImageProcesses } from "../images/processes.ts";
import type { EmailStore, Mailer } from "../ports/logs/emails.ts";
import { sqliteEmails } from "../stores/sqlite/emails/emails.ts";
import { SqliteQueues } from "../stores/sqlite/queues/queues.ts";
import { CronTriggers } from "../workers/crons/cron.ts";
import type { BindingRegistry } from "../workers/hosts/binding-registry.ts";
import { HostCalls } from "../workers/hosts/calls.ts";
import { Hosts } from "../workers/hosts/hosts.ts";
import { Queues } from "../queues/queues.ts";
import { Subscriptions } from "../queues/subscriptions.ts";
import { wholeStore } from "./whole-store.ts";

/** What they are made of. */
interface StartParts extends Omit<EngineParts, "hosts" | "followCron" | "notices"> {
  readonly executor: Executor;
  readonly vault: Vault;
  /** Gets what answers Workers. */
  readonly bindings: BindingRegistry;
  readonly log: Log;
  readonly accountId: string;
  readonly mailer: Mailer | undefined;
}

/** An engine that runs. */
export interface StartedEngine {
  readonly engine: Engine;
  /** Calls Workers. */
  readonly calls: ScriptCalls;
  readonly queues: Queues;
  readonly subscriptions: Subscriptions;
  readonly points: DataPoints;
  readonly emails: EmailStore;
  readonly close: (drainMs: number) => Promise<void>;
}

/** Starts them. Queues and data points have databases of their own in the data directory, once there are any. */
export async function startEngine(parts: StartParts, data: string): Promise<StartedEngine> {
  const hosts: EngineHosts = new Hosts(parts);
  const calls = new HostCalls({ ...parts, hosts });
  const cron = new CronTriggers(parts);
  const queueStore = new SqliteQueues(join(data, "queues.db"));
  const emails = sqliteEmails(join(data, "emails.db"));
  const subscriptions = await Subscriptions.open(parts);
  const store = wholeStore(parts.store, [queueStore, emails]);
  const engine = await openEngine({ ...parts, hosts, notices: subscriptions, store, followCron: cron.follow(calls) });
  try {
    const queues = await Queues.open({ ...parts, store: queueStore, calls });
    const points = new DataPoints({ ...parts, store: new SqliteDataPoints(join(data, "analytics.db")) });
    const rates = new RateWindows(parts.clock);
    const processor = new ImageProcesses(parts);
    const own = { emails: emailAnswers({ ...parts, store: emails }), images: imageAnswers({ ...parts, processor }) };
    const answers = { ...parts, ...own, engine, queues, points, rates };
    parts.bindings.register((host) => bindingAnswers(answers, host));
    engine.start();
    queues.start();
    subscriptions.start(queues);
    const close = async (drainMs: number): Promise<void> => {
      await engine.close(drainMs);
      await subscriptions.close();
      await queues.close();
      await queueStore.close();
      await points.close();
      await emails.close();
      await processor.close();
    };
    return { engine, calls, queues, subscriptions, points, emails, close };
  } catch (cause) {
    await engine.close();
    throw cause;
  }
}
