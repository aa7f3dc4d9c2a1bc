/** What user code gets when it calls a queue binding (`env.MY_QUEUE`, `runtime/bindings/queue.ts`), answered by the queues. */
import { z } from "zod";
import { Failure } from "../../model/failures/failure.ts";
import type { MessageBody, SentMessage } from "../../model/platform/queue.ts";
import { decode, encode } from "../../model/values/value.ts";
import type { Backlog } from "../../ports/queue-store.ts";
import type { BindingHandler } from "../../ports/executor.ts";
import type { Queues } from "../../queues/queues.ts";

const sent: z.ZodType<SentMessage> = z
  .object({
    contentType: z.enum(["text", "json", "bytes", "v8"]),
    body: z.string(),
    delaySeconds: z.number().optional(),
  })
  .refine(isReadable, "The body does not match its content type");

const send = z.tuple([z.array(sent), z.number().optional()]);

/** Answers the calls of user code to queues. */
export function queueHandler(queues: Pick<Queues, "named" | "send" | "backlog">): BindingHandler {
  return async ({ name, method, args }) => {
    const given: unknown = decode(args);
    if (method === "send") {
      const parsed = send.safeParse(given);
      if (!parsed.success) throw new Failure("body", { detail: parsed.error.issues[0]?.message ?? "Not valid" });
      await queues.send(name, ...parsed.data);
    } else if (method !== "metrics") throw new Failure("body", { detail: `A queue has no method "${method}"` });
    return encode(metricsOf(await queues.backlog(queues.named(name).id)));
  };
}

function metricsOf({ count, bytes, oldestSentAt }: Backlog): object {
  return {
    backlogCount: count,
    backlogBytes: bytes,
    ...(oldestSentAt !== undefined && { oldestMessageTimestamp: new Date(oldestSentAt) }),
  };
}

/** Other code in the binding's isolate can send bodies that the binding never sends; consumers must not fail on them. */
function isReadable({ contentType, body }: MessageBody): boolean {
  try {
    if (contentType === "json") JSON.parse(body);
    if (contentType === "v8") decode(body);
    if (contentType === "bytes") atob(body);
    return true;
  } catch {
    return false;
  }
}
