/** What all servers of a simulation share. */
import type { EngineSettings } from "../../../src/engine/state/settings.ts";
import type { Catalog } from "../../../src/ports/catalog/catalog.ts";
import type { Checker } from "../checks/checker.ts";
import type { MessageChecks } from "../checks/messages.ts";
import type { RetentionChecks } from "../checks/retention.ts";
import type { TimetableChecks } from "../checks/timetable.ts";
import type { Around } from "../plan.ts";
import type { Program } from "../program.ts";
import type { Random } from "../../support/random.ts";
import type { Agenda, Owner } from "./agenda.ts";
import type { Disk } from "./disk.ts";
import type { SimulatedHost } from "./host.ts";
import type { QueueDisk } from "./queue-disk.ts";

export interface World {
  readonly agenda: Agenda;
  readonly random: Random;
  readonly disk: Disk;
  readonly catalog: Catalog;
  readonly checker: Checker;
  readonly timetable: TimetableChecks;
  readonly retention: RetentionChecks;
  readonly programs: readonly Program[];
  readonly settings: Partial<EngineSettings>;
  readonly around: (Around & { readonly queueDisk: QueueDisk; readonly messages: MessageChecks }) | undefined;
  readonly linkMs: number;
  /** Epoch milliseconds, as clocks show them. */
  readonly wallMs: () => number;
  /** How often each callback has been called, by instance and step. */
  readonly calls: Map<string, number>;
  /** The host in which each instance has last been begun: to one before it the order to stop may be on its way. */
  readonly begunIn: Map<string, SimulatedHost>;
  /** How many hosts have ended of which their runs may be to blame. */
  lostHosts: number;
  /** The server that has the right to write. */
  holder: Owner | undefined;
}

/** The workflows of a simulation, one a program. */
export const workflowName = (index: number): string => `Flow${index}`;

/** Their scripts. */
export const scriptName = (index: number): string => `script${index}`;
