/** The queues of a project: in `stepwell dev` they are made as they are named, and consumed as the configuration says now. */
import type { ProjectConfig } from "../workers/config/project.ts";
import type { ConsumerConfig } from "../workers/config/queues.ts";
import type { Queues, WantedConsumer } from "../queues/queues.ts";

export async function connectQueues(
  queues: Queues,
  { name: script, queues: wanted }: Pick<ProjectConfig, "name" | "queues">,
): Promise<void> {
  const { producers, consumers } = wanted;
  for (const { queue } of [...(producers ?? []), ...(consumers ?? [])]) await queues.ensure(queue);
  const own = new Map((consumers ?? []).map((consumer) => [consumer.queue, consumer]));
  for (const { id, name, consumer } of queues.list()) {
    const config = own.get(name);
    // A project's configuration counts for more than what was added by hand before.
    if (config !== undefined) await queues.putConsumer(id, toConsumer(script, config), consumer?.id);
    else if (consumer?.type === "worker" && consumer.script === script) await queues.removeConsumer(id, consumer.id);
  }
}

function toConsumer(script: string, config: ConsumerConfig): WantedConsumer {
  const named = {
    batchSize: config.max_batch_size,
    maxWaitMs: config.max_batch_timeout === undefined ? undefined : config.max_batch_timeout * 1_000,
    maxRetries: config.max_retries,
    maxConcurrency: config.max_concurrency ?? undefined,
    retryDelaySeconds: config.retry_delay,
  };
  const settings = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
  return { type: "worker", script, settings, deadLetterQueue: config.dead_letter_queue };
}
