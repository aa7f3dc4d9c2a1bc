/** Who answers what user code asks through its bindings, by the kind of the binding. */
import { answeredBy, type Answer } from "../../bindings/answer.ts";
import type { Engine } from "../../engine/contract.ts";
import type { BindingHandler } from "../../ports/executor.ts";
import type { Queues } from "../../queues/queues.ts";
import { queueHandler } from "./queue.ts";
import { bindingHandler } from "./workflow.ts";

/** What answers are made of. All hosts share it. */
export interface AnswerParts {
  readonly engine: Engine;
  readonly queues: Pick<Queues, "named" | "send" | "backlog">;
  readonly emails: Answer<"send_email">;
}

/** Answers the code of one host, until `host` aborts. */
export function bindingAnswers({ engine, queues, emails }: AnswerParts, host: AbortSignal): BindingHandler {
  return answeredBy({
    workflow: bindingHandler(engine, host),
    queue: queueHandler(queues),
    send_email: emails,
  });
}
