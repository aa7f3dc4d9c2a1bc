/** A server that is asked to stop while it starts. */
import { afterEach, expect, test } from "vitest";
import { untilStopped } from "./stopping.ts";

const before: ReadonlySet<unknown> = new Set([...process.listeners("SIGINT"), ...process.listeners("SIGTERM")]);

afterEach(() => {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    for (const listener of process.listeners(signal)) if (!before.has(listener)) process.off(signal, listener);
});

test.skipIf(process.platform === "win32")("what fails because of a signal is no error, though it is heard sooner", async () => {
  await untilStopped(() => {
    process.kill(process.pid, "SIGINT");
    return Promise.reject(new Error("A child process has died of the same signal"));
  });
});

test("what fails without one is an error", async () => {
  await expect(untilStopped(() => Promise.reject(new Error("It is broken")))).rejects.toThrow("It is broken");
});
