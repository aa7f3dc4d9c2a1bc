/** What befalls a server: each fault strikes, lasts for a while, and is over when its promise resolves. */
import { ERRORS, type Control } from "../preload/control.ts";
import type { Mortal } from "./mortal.ts";

export interface Fault {
  readonly name: string;
  /** `progress` resolves when one more instance has completed, or with false when none does in time. */
  readonly strike: (random: () => number, progress: () => Promise<boolean>) => Promise<void>;
}

/** How long a process may take to reach the call at which it is killed. */
const REACH_MS = 5_000;
const MOST_CALLS = 3_000;
const HOUR_S = 3_600;

/** As the storage process and isolates may be silent before they are killed, and more. */
const PAST_TIME_OUTS_MS = 35_000;
/** A round that has time for that. */
const LONG_ROUND_MS = 100_000;

/** What befalls a server in a round that lasts so long. */
export function faults(server: Mortal, forMs: number): Fault[] {
  const { control } = server;
  const shared: Fault[] = [
    { name: "a full disk", strike: (random) => error(control, "writeError", ERRORS.ENOSPC, 200 + random() * 1_500) },
    { name: "writes that fail", strike: (random) => error(control, "writeError", ERRORS.EIO, 100 + random() * 800) },
    { name: "reads that fail", strike: (random) => error(control, "readError", ERRORS.EIO, 100 + random() * 400) },
    { name: "a sync that fails", strike: (random) => syncs(control, 1 + Math.floor(random() * 3)) },
    { name: "a kill at a call", strike: (random) => killAt(server, 1 + Math.floor(random() * MOST_CALLS)) },
    { name: "a stopped server", strike: (random) => stopped([server.pid], 1_000 + random() * 2_000) },
    { name: "a clock that is set back an hour", strike: (_, progress) => clock(control, progress) },
  ];
  if (forMs >= LONG_ROUND_MS)
    shared.push({ name: "a server that is stopped past its time-outs", strike: () => stopped([server.pid], PAST_TIME_OUTS_MS) });
  if (server.executor === "node") return shared;
  return [
    ...shared,
    {
      name: "a stopped workerd",
      strike: (random) =>
        stopped(some(server.workerds(), random), 1_000 + random() * (forMs >= LONG_ROUND_MS ? PAST_TIME_OUTS_MS : 2_000)),
    },
    { name: "a killed workerd", strike: async (random) => signal(some(server.workerds(), random), "SIGKILL") },
  ];
}

async function error(control: Control, field: "writeError" | "readError", code: number, ms: number): Promise<void> {
  control.set(field, code);
  await pause(ms);
  control.set(field, 0);
}

async function syncs(control: Control, number: number): Promise<void> {
  control.set("syncsToFail", number);
  await pause(300);
  control.set("syncsToFail", 0);
}

/** The process that makes the call dies; when it is a workerd, the server goes on. Then it is started again, and killed at times before it is ready. */
async function killAt(server: Mortal, calls: number): Promise<void> {
  const { control } = server;
  control.set("killAt", control.get("calls") + calls);
  for (const until = performance.now() + REACH_MS; control.get("killAt") > 0 && performance.now() < until;) await pause(20);
  control.set("killAt", calls % 3 === 0 ? control.get("calls") + 1 + (calls % 200) : 0);
  await server.restart();
  control.set("killAt", 0);
  if (!server.isAlive) await server.restart();
}

async function stopped(pids: readonly number[], ms: number): Promise<void> {
  signal(pids, "SIGSTOP");
  await pause(ms);
  signal(pids, "SIGCONT");
}

/** Instances have to go on while the clock is behind, and when it is right again. */
async function clock(control: Control, progress: () => Promise<boolean>): Promise<void> {
  control.set("clockOffsetS", -HOUR_S);
  await pause(1_000);
  const isGoingOn = await progress();
  control.set("clockOffsetS", 0);
  if (!isGoingOn) throw new Error("No instance completes while the clock is set back");
}

function some(pids: readonly number[], random: () => number): number[] {
  const pid = pids[Math.floor(random() * pids.length)];
  return pid === undefined ? [] : [pid];
}

function signal(pids: readonly number[], name: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended meanwhile.
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
