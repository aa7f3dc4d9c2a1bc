/** The simulator on a few seeds, on the plans that once failed, and on worlds with planted faults, which it has to find. */
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { MemoryStore } from "../../src/stores/memory/store.ts";
import { SimulatedHost } from "./world/host.ts";
import { simulateCase, simulateSeed, type Case } from "./seeds.ts";

const CASES = new URL("./cases/", import.meta.url);

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a plan that once failed", () => {
  test.for(readdirSync(CASES))("%s violates nothing", async (name) => {
    expect(await simulateCase(JSON.parse(readFileSync(new URL(name, CASES), "utf8")) as Case)).toEqual([]);
  });
});

/** A method before it is replaced, to be called on what it belongs to. */
function original<T, K extends keyof T>(prototype: T, method: K): T[K] {
  return prototype[method];
}

/** The first of so many seeds that violates something. */
async function firstFailing(
  seeds: number,
): Promise<{ readonly seed: number; readonly violations: readonly string[] } | undefined> {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { violations } = await simulateSeed(seed);
    if (violations.length > 0) return { seed, violations };
  }
  return undefined;
}

test("nothing is violated by the first seeds", { timeout: 120_000 }, async () => {
  expect(await firstFailing(300)).toBeUndefined();
});

test("a seed is simulated in the same way each time", async () => {
  for (const seed of [7, 77, 777]) expect(await simulateSeed(seed)).toEqual(await simulateSeed(seed));
});

describe("a planted fault is found", { timeout: 120_000 }, () => {
  test("a disk that forgets a commit which it has acknowledged", async () => {
    const commit = original(MemoryStore.prototype, "commit");
    let commits = 0;
    vi.spyOn(MemoryStore.prototype, "commit").mockImplementation(function (this: MemoryStore, batch, lease) {
      commits += 1;
      if (commits % 20 !== 0 || batch.creates.length > 0) return commit.call(this, batch, lease);
      return Promise.resolve({ created: [], isSweeping: false });
    });
    expect((await firstFailing(100))?.violations).toBeDefined();
  });

  test("a host that loses frames on their way", async () => {
    const send = original(SimulatedHost.prototype, "send");
    let sent = 0;
    vi.spyOn(SimulatedHost.prototype, "send").mockImplementation(function (this: SimulatedHost, frames) {
      sent += 1;
      if (sent % 20 !== 0) send.call(this, frames);
    });
    expect((await firstFailing(100))?.violations).toBeDefined();
  });

  test("a store that does not know who has the right to write", async () => {
    const commit = original(MemoryStore.prototype, "commit");
    vi.spyOn(MemoryStore.prototype, "commit").mockImplementation(function (this: MemoryStore, batch, lease) {
      return commit.call(this, batch, lease).catch((cause: unknown) => {
        if (!String(cause).includes("lease")) throw cause;
        return { created: batch.creates.map(() => "exists" as const), isSweeping: false };
      });
    });
    expect((await firstFailing(1_000))?.violations).toBeDefined();
  });
});
