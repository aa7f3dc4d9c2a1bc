import { describe, expect, test } from "vitest";
import { fitting, Room, seen, unseen } from "./room.ts";

const MIB = 1024 * 1024;
const MOST = 4_096 * MIB;
/** How many always fit. */
const FEW = Math.floor(MOST / 10 / (30 * 64 * 1024));

describe("how many runs fit", () => {
  test("is what is left of the memory, at what a run is known to take, and at the least 64 KiB", () => {
    expect(fitting(seen(unseen(MOST), 128 * MIB, 1))).toBe(Math.floor((MOST * 0.9 - 128 * MIB) / (64 * 1024)));
    expect(fitting(seen(unseen(MOST), (128 + 600) * MIB, 1_000))).toBe(
      Math.floor((MOST * 0.9 - 728 * MIB) / ((600 * MIB) / 1_000)),
    );
  });

  test("is never none: a run must not wait for ever for memory that something else has taken", () => {
    for (const bytes of [MOST * 0.9, MOST, 2 * MOST]) expect(fitting(seen(unseen(MOST), bytes, 0))).toBe(FEW);
    expect(fitting(seen(unseen(64 * MIB), 64 * MIB, 10))).toBeGreaterThan(0);
  });

  test("is what has fitted before, where the allocator has kept its memory", () => {
    const full = seen(unseen(MOST), MOST * 0.9, 60_000);
    const after = seen(full, MOST * 0.9, 30_000);
    expect(fitting(full)).toBe(FEW);
    expect(fitting(after)).toBe(2_000);
    // What has grown beyond that meanwhile is lost to them.
    expect(seen(after, MOST * 0.9 + 64 * MIB, 30_000).known).toBeLessThan(60_000);
  });
});

describe("runs in a process", () => {
  const begins = async (room: Room, count: number): Promise<() => number> => {
    let begun = 0;
    for (let i = 0; i < count; i += 1) {
      const wait = room.take("a");
      if (wait === undefined) begun += 1;
      else void wait.then(() => (begun += 1));
    }
    await Promise.resolve();
    return () => begun;
  };

  test("are held back when no more fit, and begin in order when some do", async () => {
    const held: number[] = [];
    const room = new Room(MOST, (runs) => held.push(runs));
    room.look(MOST * 0.9);
    const begun = await begins(room, FEW + 10);
    expect(begun()).toBe(FEW);
    room.look(MOST);
    await Promise.resolve();
    expect(begun()).toBe(FEW + 10);
    expect(held).toEqual([]);
  });

  test("those on their way take their room", async () => {
    const room = new Room(MOST, () => {});
    room.sent("a", 1_000);
    room.look(MOST);
    expect((await begins(room, 1))()).toBe(0);
    room.report("a", { open: 1_000, begun: 1_000 });
    room.look(MOST);
    expect((await begins(room, 1))()).toBe(1);
  });

  test("wait no more when their isolate, or the process, is gone", async () => {
    for (const end of ["leave", "close"] as const) {
      const room = new Room(MOST, () => {});
      room.sent("a", 10_000);
      room.look(MOST);
      const begun = await begins(room, 3);
      expect(begun()).toBe(0);
      room[end]("a");
      await Promise.resolve();
      expect(begun()).toBe(3);
    }
  });
});
