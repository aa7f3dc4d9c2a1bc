/** The part of a project's configuration that is about queues. */
import { z } from "zod";
import { LIMITS } from "../../model/limits.ts";
import { isQueueName } from "../../model/platform/queue.ts";

const name = z.string().refine(isQueueName, "must be 1 to 63 letters, digits and -");

const consumer = z.object({
  queue: name,
  max_batch_size: z.int().min(1).max(LIMITS.queueBatch).optional(),
  max_batch_timeout: z
    .number()
    .min(0)
    .max(LIMITS.queueWaitMs / 1_000)
    .optional(),
  max_retries: z.int().min(0).max(LIMITS.queueRetries).optional(),
  dead_letter_queue: name.optional(),
  max_concurrency: z.int().min(1).max(LIMITS.queueConcurrency).nullish(),
  retry_delay: z.int().min(0).max(LIMITS.queueDelaySeconds).optional(),
});

const queues = z.object({
  producers: z.array(z.object({ binding: z.string().min(1), queue: name })).nullish(),
  consumers: z.array(consumer).nullish(),
});

/** An entry of `queues.consumers`. */
export type ConsumerConfig = z.output<typeof consumer>;

/** Queues that the Worker sends to, and those whose messages it gets. Times are seconds. */
export type QueuesConfig = z.output<typeof queues>;

/** What a configuration may say of queues. */
export const queuesConfig: z.ZodType<QueuesConfig | null | undefined> = queues.nullish();
