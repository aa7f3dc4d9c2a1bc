/**
 * A disk that loses power: from recorded changes it makes states that may be found afterwards. What was synced is there. Of what was
 * written to a file since its last sync any part may be there, in any order and torn between sectors. Names change in order, and are
 * durable with the next sync of any file, as on a file system with a journal. What a failed sync was to make durable stays uncertain
 * for ever, whatever is synced later: the kernel has forgotten that it was not written.
 */
import type { Entry } from "./trace.ts";

const SECTOR_BYTES = 512;

/** How the power goes: what is left of what was not synced. */
export const LOSSES = ["nothing", "everything", "some writes", "torn writes", "the first", "the last"] as const;
export type Loss = (typeof LOSSES)[number];

type Op = { readonly offset: number; readonly bytes: Buffer } | { readonly cut: number };
interface Change {
  readonly op: Op;
  state: "pending" | "uncertain" | "durable";
}

interface File {
  durable: Buffer;
  /** Since the last sync that succeeded with nothing uncertain before it. */
  changes: Change[];
}

interface NameChange {
  readonly path: string;
  /** Undefined: there is no such name any more. */
  readonly file: File | undefined;
}

/** Planted faults of the disk: syncs that do nothing. */
export interface DiskOptions {
  readonly syncs?: "ignored";
}

export class Disk {
  readonly #isSynced: boolean;
  /** By inode; a number that is used again for a new file stands for that. */
  readonly #inodes: Map<number, File> = new Map();
  readonly #names: Map<string, File> = new Map();
  readonly #durableNames: Map<string, File> = new Map();
  #nameChanges: NameChange[] = [];

  constructor({ syncs }: DiskOptions = {}) {
    this.#isSynced = syncs !== "ignored";
  }

  apply(entry: Entry): void {
    switch (entry.type) {
      case "create":
        return this.#create(entry.inode, entry.path);
      case "write":
        return this.#change(entry.inode, { offset: entry.offset, bytes: entry.bytes });
      case "cut":
        return this.#change(entry.inode, { cut: entry.length });
      case "sync":
        return this.#sync(entry.inode);
      case "other sync":
        return this.#isSynced ? this.#syncNames() : undefined;
      case "failed sync":
        for (const change of this.#file(entry.inode).changes) if (change.state === "pending") change.state = "uncertain";
        return;
      case "rename":
      case "link": {
        const file = this.#names.get(entry.from);
        this.#name(entry.to, file);
        if (entry.type === "rename") this.#name(entry.from, undefined);
        return;
      }
      case "unlink":
        return this.#name(entry.path, undefined);
      case "ack":
    }
  }

  /** A state that may be found when the power goes now: the files by their path. */
  lose(loss: Loss, random: () => number): Map<string, Buffer> {
    const names = new Map(this.#durableNames);
    const kept =
      loss === "nothing" ? 0 : loss === "everything" ? Infinity : Math.floor(random() * (this.#nameChanges.length + 1));
    for (const { path, file } of this.#nameChanges.slice(0, kept)) {
      if (file === undefined) names.delete(path);
      else names.set(path, file);
    }
    return new Map([...names].map(([path, file]) => [path, contents(file, loss, random)]));
  }

  /** What is there while the power is on. */
  now(): Map<string, Buffer> {
    return this.lose("everything", () => 1);
  }

  #file(inode: number): File {
    let file = this.#inodes.get(inode);
    if (file === undefined) this.#inodes.set(inode, (file = { durable: Buffer.alloc(0), changes: [] }));
    return file;
  }

  #create(inode: number, path: string): void {
    const known = this.#inodes.get(inode);
    if (known !== undefined && this.#names.get(path) === known) return;
    const file: File = { durable: Buffer.alloc(0), changes: [] };
    this.#inodes.set(inode, file);
    this.#name(path, file);
  }

  #name(path: string, file: File | undefined): void {
    if (file === undefined) this.#names.delete(path);
    else this.#names.set(path, file);
    this.#nameChanges.push({ path, file });
  }

  #change(inode: number, op: Op): void {
    this.#file(inode).changes.push({ op, state: "pending" });
  }

  #sync(inode: number): void {
    if (!this.#isSynced) return;
    const file = this.#file(inode);
    for (const change of file.changes) if (change.state === "pending") change.state = "durable";
    if (file.changes.every(({ state }) => state === "durable")) {
      file.durable = applied(
        file.durable,
        file.changes.map(({ op }) => op),
      );
      file.changes = [];
    }
    this.#syncNames();
  }

  #syncNames(): void {
    for (const { path, file } of this.#nameChanges) {
      if (file === undefined) this.#durableNames.delete(path);
      else this.#durableNames.set(path, file);
    }
    this.#nameChanges = [];
  }
}

function contents({ durable, changes }: File, loss: Loss, random: () => number): Buffer {
  const uncertain = changes.filter(({ state }) => state !== "durable").length;
  const at = Math.floor(random() * (uncertain + 1));
  let seen = 0;
  const kept = changes.flatMap(({ op, state }) => {
    if (state === "durable") return [op];
    seen += 1;
    switch (loss) {
      case "nothing":
        return [];
      case "everything":
        return [op];
      case "some writes":
        return random() < 0.5 ? [op] : [];
      case "torn writes":
        return random() < 0.7 ? torn(op, () => random() < 0.5) : [];
      case "the first": {
        const until = random();
        return seen <= at ? [op] : seen === at + 1 ? torn(op, (share) => share < until) : [];
      }
      case "the last":
        return seen > at ? [op] : [];
    }
  });
  return applied(durable, kept);
}

/** The sectors of a write that are kept; `keep` is given how far a sector lies in it, from 0 to 1. */
function torn(op: Op, keep: (share: number) => boolean): Op[] {
  if ("cut" in op) return keep(0) ? [op] : [];
  const { offset, bytes } = op;
  const parts: Op[] = [];
  for (let from = 0; from < bytes.length;) {
    const to = Math.min(bytes.length, from + SECTOR_BYTES - ((offset + from) % SECTOR_BYTES));
    if (keep(from / bytes.length)) parts.push({ offset: offset + from, bytes: bytes.subarray(from, to) });
    from = to;
  }
  return parts;
}

function applied(before: Buffer, ops: readonly Op[]): Buffer {
  let length = before.length;
  let room = length;
  for (const op of ops) room = Math.max(room, "cut" in op ? op.cut : op.offset + op.bytes.length);
  const bytes = Buffer.alloc(room);
  before.copy(bytes);
  for (const op of ops) {
    if ("cut" in op) {
      if (op.cut < length) bytes.fill(0, op.cut, length);
      length = op.cut;
    } else {
      op.bytes.copy(bytes, op.offset);
      length = Math.max(length, op.offset + op.bytes.length);
    }
  }
  return bytes.subarray(0, length);
}
