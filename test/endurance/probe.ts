/**
 * Loaded into a server before its own code (`--import`): says each second over the IPC channel what the process holds, and ends
 * the process when the suite is gone.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
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
  /** The longest that the event loop has been held since the last message, in milliseconds. */
  readonly heldMs: number;
}

const EVERY_MS = 1_000;
/** A collection holds the loop for tens of milliseconds, so that there is one every few seconds only. */
const COLLECT_EVERY = 5;

if (isMainThread && process.send !== undefined) report(process.send.bind(process));

function report(send: (message: Probed) => void): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let heap = process.memoryUsage().heapUsed;
  let turn = 0;
  let faults = 0;
  process.on("endurance-fault" as never, () => (faults += 1));
  const timer = setInterval(() => {
    const heldMs = delay.max / 1e6;
    const resources = process.getActiveResourcesInfo();
    const timers = resources.filter((each) => each === "Timeout" || each === "Immediate").length;
    if ((turn += 1) % COLLECT_EVERY === 0) {
      collect();
      heap = process.memoryUsage().heapUsed;
    }
    send({ heap, timers, handles: resources.length - timers, heldMs, faults });
    delay.reset();
  }, EVERY_MS);
  timer.unref();
  process.on("disconnect", () => process.exit(1));
  process.channel?.unref();
}
