/** What one simulation is to be: programs, settings, and a list of calls and faults with the time between them. All of it is data. */
import fc from "fast-check";
import type { ConsumerSettings } from "../../src/model/platform/queue.ts";
import { DISK_FAULTS, type DiskFault } from "./world/disk.ts";
import { HOST_FAULTS, type HostFault } from "./world/host.ts";
import { program, type Program } from "./program.ts";

/** Something that happens from outside. `which` chooses among what there is. */
export type Happening =
  /** `keptMs`: how long it is kept when it has ended well, and half as long as when it has not. */
  | { readonly is: "create"; readonly workflow: number; readonly id: number; readonly keptMs?: number | null }
  | {
      readonly is: "sendEvent" | "pause" | "resume" | "terminate" | "undo" | "restart" | "remove" | "skipDelay";
      readonly which: number;
    }
  /** Restarts from the step with this number among those that have started. */
  | { readonly is: "restartFrom"; readonly which: number; readonly step: number }
  | { readonly is: "read"; readonly which: number }
  /** Sends messages to the queue. */
  | { readonly is: "send"; readonly orders: readonly Order[]; readonly delaySeconds: number }
  | { readonly is: "act"; readonly workflow: number; readonly action: "pause" | "resume" | "restart" | "terminate" | "delete" }
  | { readonly is: "deploy"; readonly workflow: number }
  | ({ readonly is: "disk" } & { readonly fault: DiskFault["is"]; readonly forMs: number })
  | { readonly is: "host"; readonly fault: HostFault }
  /** The server is killed, and another one starts after so long. */
  | { readonly is: "kill"; readonly downMs: number }
  /** The server stands still; when `takeOver`, another one starts meanwhile. */
  | { readonly is: "freeze"; readonly forMs: number; readonly takeOver: boolean }
  /** The server is asked to close, and another one starts. */
  | { readonly is: "close"; readonly drainMs: number }
  /** Clocks are set, by so many milliseconds. */
  | { readonly is: "clock"; readonly byMs: number };

/** What is around workflows. */
export interface Around {
  /** Cron expressions of workflows, and of scripts, one each or none. */
  readonly schedules: readonly (string | null)[];
  readonly triggers: readonly (string | null)[];
  /** How the one queue is consumed. */
  readonly queue: Pick<ConsumerSettings, "batchSize" | "maxWaitMs" | "maxRetries" | "retryDelaySeconds" | "maxConcurrency">;
}

/** A message for the queue, and what its consumer does with it. */
export interface Order {
  /** How often it fails before it is acknowledged: by saying so, or by throwing. */
  readonly fails: number;
  readonly throws: boolean;
  readonly ms: number;
}

export interface Plan {
  /** Decides the order of what is ready at one moment, and how long things take. */
  readonly order: number;
  readonly programs: readonly Program[];
  readonly settings: {
    readonly maxRunning: number;
    readonly limit: number | null;
    readonly parkAfterMs: number;
    readonly maxIdle: number;
  };
  readonly latency: { readonly diskMs: number; readonly linkMs: number };
  /** Each with the milliseconds that pass before it. */
  readonly happenings: readonly (Happening & { readonly afterMs: number })[];
  /** Kinds of happenings that are left out (`kindOf`): what some of them do shows only where others do not come between. */
  readonly leavesOut?: readonly string[];
  /** What the times between happenings are multiplied by. */
  readonly pace?: number;
  /** Nothing when it is absent. */
  readonly around?: Around;
}

/** Kinds that a plan may leave out. */
const KINDS = [
  "sendEvent",
  "pause",
  "resume",
  "terminate",
  "undo",
  "restart",
  "restartFrom",
  "remove",
  "skipDelay",
  "read",
  "act",
  "deploy",
  "kill",
  "freeze",
  "close",
  "clock",
  ...DISK_FAULTS.map((fault) => `disk ${fault}`),
  ...HOST_FAULTS.map((fault) => `host ${fault}`),
];

/** A happening, as `leavesOut` names it. */
export function kindOf(happening: Happening): string {
  return "fault" in happening ? `${happening.is} ${happening.fault}` : happening.is;
}

const which = fc.nat(5);
const workflow = fc.nat(1);
const keptMs = fc.constantFrom(null, null, null, 0, 3_000, 100_000);

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ is: fc.constant("create" as const), workflow, id: fc.nat(5), keptMs }) },
  { weight: 6, arbitrary: fc.record({ is: fc.constant("sendEvent" as const), which }) },
  {
    weight: 8,
    arbitrary: fc.record({
      is: fc.constantFrom("pause", "resume", "terminate", "undo", "restart", "remove", "skipDelay") as fc.Arbitrary<"pause">,
      which,
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant("restartFrom" as const), which, step: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant("read" as const), which }) },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constant("act" as const),
      workflow,
      action: fc.constantFrom("pause", "resume", "restart", "terminate", "delete") as fc.Arbitrary<"pause">,
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant("deploy" as const), workflow }) },
  {
    weight: 3,
    arbitrary: fc.record({
      is: fc.constant("disk" as const),
      fault: fc.constantFrom(...DISK_FAULTS),
      forMs: fc.constantFrom(1, 50, 2_000, 60_000),
    }),
  },
  { weight: 4, arbitrary: fc.record({ is: fc.constant("host" as const), fault: fc.constantFrom(...HOST_FAULTS) }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant("kill" as const), downMs: fc.constantFrom(0, 100, 30_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({ is: fc.constant("freeze" as const), forMs: fc.constantFrom(100, 40_000), takeOver: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant("close" as const), drainMs: fc.constantFrom(0, 1_000) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant("clock" as const), byMs: fc.constantFrom(-600_000, -50, 50, 600_000) }) },
);

const order = fc.record({ fails: fc.constantFrom(0, 0, 1, 9), throws: fc.boolean(), ms: fc.constantFrom(0, 40, 2_000) });

const send = fc.record({
  is: fc.constant("send" as const),
  orders: fc.array(order, { minLength: 1, maxLength: 3 }),
  delaySeconds: fc.constantFrom(0, 0, 10),
});

const afterMs = fc.constantFrom(0, 0, 0, 1, 5, 50, 400, 3_000, 70_000);

const crons = fc.tuple(...[0, 1].map(() => fc.constantFrom(null, null, "*/5 * * * *", "* * * * *", "2 0 1 1 *")));

const around: fc.Arbitrary<Around> = fc.record({
  schedules: crons,
  triggers: crons,
  queue: fc.record({
    batchSize: fc.constantFrom(1, 3, 10),
    maxWaitMs: fc.constantFrom(0, 5_000),
    maxRetries: fc.constantFrom(0, 1, 3),
    retryDelaySeconds: fc.constantFrom(0, 20),
    maxConcurrency: fc.constantFrom(1, 10),
  }),
});

const happenings = (each: fc.Arbitrary<Happening>): fc.Arbitrary<Plan["happenings"]> =>
  fc.array(
    fc.tuple(afterMs, each).map(([afterMs, each]) => ({ ...each, afterMs })),
    { minLength: 3, maxLength: 60 },
  );

const whole: fc.Arbitrary<Omit<Plan, "around">> = fc.record({
  order: fc.nat(),
  programs: fc.array(program, { minLength: 2, maxLength: 2 }),
  settings: fc.record({
    maxRunning: fc.constantFrom(1, 2, 3, 10_000),
    limit: fc.constantFrom(null, null, 1, 2),
    parkAfterMs: fc.constantFrom(0, 20, 1_000, 60_000),
    maxIdle: fc.constantFrom(0, 1, 2_000),
  }),
  latency: fc.record({ diskMs: fc.constantFrom(0, 0.5, 20), linkMs: fc.constantFrom(0, 0.3, 20) }),
  happenings: happenings(happening),
  leavesOut: fc.subarray(KINDS),
  pace: fc.constantFrom(1, 1, 0.1, 0.01),
});

/** One in four has more than workflows. */
export const plan: fc.Arbitrary<Plan> = fc.oneof(
  { weight: 3, arbitrary: whole },
  {
    weight: 1,
    arbitrary: fc
      .tuple(whole, around, happenings(fc.oneof({ weight: 5, arbitrary: happening }, { weight: 1, arbitrary: send })))
      .map(([each, around, happenings]) => ({ ...each, around, happenings })),
  },
);
