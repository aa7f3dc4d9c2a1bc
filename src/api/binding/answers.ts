/** Who answers what user code asks through its bindings, by the kind of the binding. */
import type { DataPoints } from "../../bindings/analytics/points.ts";
import { dataPoints } from "../../bindings/analytics/server.ts";
import { rateLimits } from "../../bindings/ratelimit/server.ts";
import type { RateWindows } from "../../bindings/ratelimit/windows.ts";
import { storeSecrets } from "../../bindings/secrets-store/server.ts";
import { type Answer, answeredBy } from "../../bindings/answer.ts";
import type { Engine } from "../../engine/contract.ts";
import type { Catalog } from "../../ports/catalog/catalog.ts";
import type { BindingHandler } from "../../ports/executor.ts";
import type { Vault } from "../../ports/vault.ts";
import type { Queues } from "../../queues/queues.ts";
import { queueHandler } from "./queue.ts";
import { bindingHandler } from "./workflow.ts";

/** What answers are made of. All hosts share it. */
export interface AnswerParts {
  readonly engine: Engine;
  readonly queues: Pick<Queues, "named" | "send" | "backlog">;
  readonly rates: RateWindows;
  readonly points: Pick<DataPoints, "write">;
  readonly catalog: Catalog;
  readonly vault: Vault;
  readonly emails: Answer<"send_email">;
  readonly images: Answer<"images">;
}

/** Answers the code of one host, until `host` aborts. */
export function bindingAnswers(
  { engine, queues, rates, points, catalog, vault, emails, images }: AnswerParts,
  host: AbortSignal,
): BindingHandler {
  return answeredBy({
    workflow: bindingHandler(engine, host),
    queue: queueHandler(queues),
    ratelimit: rateLimits(rates),
    analytics_engine: dataPoints(points),
    secrets_store_secret: storeSecrets(catalog, vault),
    send_email: emails,
    images,
  });
}
