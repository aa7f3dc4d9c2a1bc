/** Open files and sockets of this process. */
import { readdirSync } from "node:fs";

/** Milliseconds until they are closed. */
const RETURNS_MS = 10_000;

/** How many; where the system does not say, none. */
export function openDescriptors(): number {
  return process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0;
}

/** Resolves when there are no more than before; rejects when there are after some seconds. */
export async function descriptorsReturn(before: number): Promise<void> {
  const deadline = performance.now() + RETURNS_MS;
  while (openDescriptors() > before) {
    if (performance.now() > deadline) throw new Error(`${openDescriptors() - before} descriptors are left open`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
