import { expect, test } from "vitest";
import { randomFrom } from "../../support/random.ts";
import { Disk, LOSSES, type Loss } from "./disk.ts";
import type { Entry } from "./trace.ts";

const write = (offset: number, text: string): Entry => ({ type: "write", inode: 1, offset, bytes: Buffer.from(text) });
const sync: Entry = { type: "sync", inode: 1 };
const failedSync: Entry = { type: "failed sync", inode: 1 };
const created: Entry = { type: "create", inode: 1, path: "a" };

/** What the file may hold after a power loss, over many of them; `-` when it is not there. */
function found(entries: readonly Entry[], losses: readonly Loss[] = LOSSES, options = {}): string[] {
  const disk = new Disk(options);
  for (const entry of entries) disk.apply(entry);
  const random = randomFrom(1);
  const states = Array.from({ length: 200 }, (_, i) => disk.lose(losses[i % losses.length] ?? "nothing", random).get("a"));
  return [...new Set(states.map((bytes) => bytes?.toString() ?? "-"))].sort();
}

test("what was synced is there, and what was written after it may be there or not", () => {
  expect(found([created, write(0, "one"), sync])).toEqual(["one"]);
  expect(found([created, write(0, "one"), sync, write(0, "two")])).toEqual(["one", "two"]);
  expect(found([created, write(0, "one")], ["nothing"])).toEqual(["-"]);
});

test("writes since the last sync may be lost in any order", () => {
  const entries = [created, write(0, "....."), sync, write(0, "a"), write(2, "b"), write(4, "c")];
  expect(found(entries)).toEqual(["....c", "..b..", "..b.c", "a....", "a...c", "a.b..", "a.b.c", "....."].sort());
});

test("a write of several sectors may be torn between them", () => {
  const states = found([created, write(0, "-".repeat(1_024)), sync, write(0, "x".repeat(1_024))], ["torn writes"]);
  const halves = ["-", "x"].flatMap((one) => ["-", "x"].map((two) => one.repeat(512) + two.repeat(512)));
  expect(states).toEqual(halves.sort());
});

test("what a failed sync was to make durable stays uncertain, also after a sync that works", () => {
  const entries = [created, write(0, "one"), sync, write(0, "two"), failedSync, write(3, "!"), sync];
  expect(found(entries)).toEqual(["one!", "two!"]);
  // Written again, it is durable.
  expect(found([...entries, write(0, "two"), sync])).toEqual(["two!"]);
});

test("names change in order, and are durable with the next sync of any file", () => {
  const other: Entry = { type: "create", inode: 2, path: "b" };
  const moved: Entry = { type: "rename", from: "b", to: "a" };
  const text: Entry = { type: "write", inode: 2, offset: 0, bytes: Buffer.from("two") };
  const before: Entry[] = [created, write(0, "one"), sync, other, text, { type: "sync", inode: 2 }, moved];
  expect(found(before)).toEqual(["one", "two"]);
  expect(found([...before, sync])).toEqual(["two"]);
  expect(found([...before, sync, { type: "unlink", path: "a" }])).toEqual(["-", "two"]);
});

test("a file that is cut may be found as it was before", () => {
  expect(found([created, write(0, "one two"), sync, { type: "cut", inode: 1, length: 3 }])).toEqual(["one", "one two"]);
});

test("a disk that ignores syncs loses everything", () => {
  expect(found([created, write(0, "one"), sync], ["nothing"], { syncs: "ignored" })).toEqual(["-"]);
});
