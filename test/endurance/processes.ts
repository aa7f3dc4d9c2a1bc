/** What Linux says about processes, by way of /proc. */
import { readdirSync, readFileSync } from "node:fs";

interface Process {
  readonly pid: number;
  readonly name: string;
}

/** The processes below one, children before grandchildren. */
export function descendants(pid: number): Process[] {
  return children(pid).flatMap((child) => [{ pid: child, name: read(`/proc/${child}/comm`).trim() }, ...descendants(child)]);
}

/** Resident memory in bytes; 0 when there is no such process. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1_024;
}

/** How many file descriptors are open; 0 when there is no such process. */
export function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

function children(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

/** Empty when the process has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
