/** What the engine was given, and what it knows besides its instances: the lowest layer, which all others work with. */
import type { Arrangements } from "../../ports/arrangements.ts";
import type { Catalog } from "../../ports/catalog/catalog.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ids } from "../../ports/ids.ts";
import type { Log } from "../../ports/log.ts";
import type { NoticeTaker } from "../../ports/notices.ts";
import type { OnInvocation } from "../../ports/script-log.ts";
import type { Lease } from "../../ports/instances/journal-store.ts";
import type { Store } from "../../ports/store.ts";
import type { Vault } from "../../ports/vault.ts";
import type { StoreHealth } from "./health.ts";
import type { Policies } from "./policies.ts";
import type { EngineSettings } from "./settings.ts";
import type { Versions } from "./versions.ts";

export interface World {
  readonly store: Store;
  /** The right to write to the store. */
  readonly lease: Lease;
  /** Encrypts the outputs of sensitive steps. */
  readonly vault: Vault;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly ids: Pick<Ids, "uuid">;
  readonly log: Log;
  /** Tells subscribers. */
  readonly notices: NoticeTaker;
  /** Gets each run of an instance that has ended. */
  readonly onInvocation?: OnInvocation | undefined;
  /** What tests have arranged for instances; absent outside of tests. */
  readonly arrangements?: Arrangements | undefined;
  readonly settings: EngineSettings;
  readonly health: StoreHealth;
  readonly policies: Policies;
  readonly versions: Versions;
}
