/** A queue to send messages to. */
import { z } from "zod";
import { isQueueName } from "../../model/platform/queue.ts";
import type { Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    queue: { readonly queue: string };
  }
}

const queueName = z.string().refine(isQueueName, "A queue's name is 1 to 63 letters, digits and -");

export const queue: Kind<"queue"> = {
  upload: () => z.object({ queue_name: queueName }).transform(({ queue_name: name }) => ({ queue: name })),
  show: ({ queue: name }) => ({ queue_name: name }),
  describe: ({ queue: name }) => ({ what: "Queue", which: name }),
  configured: ({ queues: { producers = [] } }) => producers.map(({ binding, queue: name }) => ({ name: binding, queue: name })),
  provide: ({ queue: name }) => ({ is: "client", to: name }),
};
