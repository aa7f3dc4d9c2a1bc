/** The memory of processes: how much one takes, and what follows from that. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { promisify } from "node:util";

const MIB = 1024 * 1024;

/** How often a process is looked at, in milliseconds. */
const LOOK_MS = 1_000;

/** The most that a process may take unless an option says otherwise, in MiB. Half of a small machine is less. */
const MOST_MIB = 4_096;

/** The default of `memoryMiB`: 4,096, or half of the memory that the system gives this process, if that is less. */
export function defaultMemoryMiB(): number {
  const constrained = process.constrainedMemory();
  // Without a limit it is 0, or larger than any machine.
  const bytes = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.min(MOST_MIB, Math.floor(bytes / 2 / MIB));
}

/** Memory that a process has, in bytes: from `/proc` on Linux, elsewhere from `ps`. 0 when neither knows. */
export async function residentBytes(pid: number): Promise<number> {
  try {
    if (process.platform === "linux") return fromStatus(await readFile(`/proc/${pid}/status`, "utf8"));
    const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)], { timeout: LOOK_MS });
    return Number(stdout.trim()) * 1024;
  } catch {
    return 0;
  }
}

function fromStatus(status: string): number {
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** Calls `look` with the memory of a process once a second, until it is called off. Never keeps this process alive. */
export function watchMemory(pid: number, look: (bytes: number) => void): () => void {
  let isLooking = false;
  let isOver = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void residentBytes(pid).then((bytes) => {
      isLooking = false;
      if (!isOver) look(bytes);
    });
  }, LOOK_MS);
  timer.unref();
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

/** In MiB, as people read it. */
export function inMiB(bytes: number): string {
  return `${Math.round(bytes / MIB).toLocaleString("en-US")} MiB`;
}
