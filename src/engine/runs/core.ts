/** What runs, the schedule and the verbs work with: the world, the layers below them, and the hosts of user code. */
import type { Hosts } from "../../workers/hosts/hosts.ts";
import type { Journal } from "../journal/journal.ts";
import type { Watchers } from "../journal/watch.ts";
import type { Departures } from "../memory/departures.ts";
import type { Instances } from "../memory/instances.ts";
import type { Reads } from "../memory/reads.ts";
import type { Turns } from "../memory/turns.ts";
import type { Rests } from "../../upkeep/rests.ts";
import type { Live } from "../state/live.ts";
import type { World } from "../state/world.ts";

export interface Core extends World {
  readonly watchers: Watchers;
  readonly journal: Journal;
  readonly instances: Instances;
  /** Spreads reads of journals. */
  readonly reads: Reads;
  /** Spreads what many instances do at once. */
  readonly turns: Turns;
  /** Keeps runs from beginning while others leave. */
  readonly departures: Departures;
  readonly hosts: Hosts<Live>;
  /** How long instances rest that could not be started. */
  readonly rests: Rests;
  /** True once the engine is closing: no new work is taken. */
  closing: boolean;
}
