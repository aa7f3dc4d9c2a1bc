/** The part of a project's configuration that is about queues. */
import { z } from "zod";
import { LIMITS } from "../../model/limits.ts";
import { isQueueName } from "../../model/platform/queue.ts";

/** Queues that the Worker sends to, and those whose messages it gets. Times are seconds. */
export interface QueuesConfig {
  readonly producers?: readonly { readonly binding: string; readonly queue: string }[] | null | undefined;
  readonly consumers?: readonly ConsumerConfig[] | null | undefined;
}

/** An entry of `queues.consumers`. */
export interface ConsumerConfig {
  readonly queue: string;
  readonly max_batch_size?: number | undefined;
  readonly max_batch_timeout?: number | undefined;
  readonly max_retries?: number | undefined;
  readonly dead_letter_queue?: string | undefined;
  readonly max_concurrency?: number | null | undefined;
  readonly retry_delay?: number | undefined;
}

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

/** What a configuration may say of queues. */
export const queuesConfig: z.ZodType<QueuesConfig | null | undefined> = z
  .object({
    producers: z.array(z.object({ binding: z.string().min(1), queue: name })).nullish(),
    consumers: z.array(consumer).nullish(),
  })
  .nullish();
