/** What use cases change what is deployed with. */
import type { Deployed } from "../../ports/catalog/catalog.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ids } from "../../ports/ids.ts";

export interface DeployParts {
  readonly catalog: Deployed;
  readonly clock: Pick<Clock, "now">;
  readonly ids: Pick<Ids, "uuid">;
}
