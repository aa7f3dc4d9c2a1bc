/**
 * Loaded into a server before its own code (`--import`): says each second over the IPC channel what the process holds, and ends
 * the process when the suite is gone.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";

/** What the server process says of itself. */
export interface Probed {
  /** Bytes of the JavaScript heap in use right after a collection. */
  readonly heap: number;
  /** Timers that are active. */
  readonly timers: number;
  /** Everything else that keeps an event loop alive: sockets, servers, requests. */
  readonly handles: number;
  /** Commits that have been made to fail so far. */
  readonly faults: number;
  /** The most CPU time that the main thread has taken between two turns of a timer since the last message, in milliseconds. */
  readonly heldMs: number;
}

const EVERY_MS = 1_000;
/** A collection holds the loop for tens of milliseconds, so that there is one every few seconds only. */
const COLLECT_EVERY = 5;
const TURN_MS = 20;

if (isMainThread && process.send !== undefined) report(process.send.bind(process));

function report(send: (message: Probed) => void): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = watchTurns();
  let heap = process.memoryUsage().heapUsed;
  let turn = 0;
  let faults = 0;
  process.on("endurance-fault" as never, () => (faults += 1));
  const timer = setInterval(() => {
    const resources = process.getActiveResourcesInfo();
    const timers = resources.filter((each) => each === "Timeout" || each === "Immediate").length;
    if ((turn += 1) % COLLECT_EVERY === 0) {
      collect();
      heap = process.memoryUsage().heapUsed;
    }
    send({ heap, timers, handles: resources.length - timers, faults, heldMs: held() });
  }, EVERY_MS);
  timer.unref();
  process.on("disconnect", () => process.exit(1));
  process.channel?.unref();
}

/**
 * Answers the longest turn since it was last asked. CPU time, not the clock's: a machine that is busy elsewhere delays every turn,
 * and is not what is looked for.
 */
function watchTurns(): () => number {
  let longest = 0;
  let before = process.threadCpuUsage();
  const turn = (): void => {
    const { user, system } = process.threadCpuUsage(before);
    before = process.threadCpuUsage();
    longest = Math.max(longest, (user + system) / 1_000);
  };
  setInterval(turn, TURN_MS).unref();
  return () => {
    const found = longest;
    longest = 0;
    return found;
  };
}
