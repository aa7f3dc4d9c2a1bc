/** Reads what `interpose.c` has recorded: every change of a file, every sync, and what was acknowledged, in order. */

export type Entry =
  | { readonly type: "create"; readonly inode: number; readonly path: string }
  | { readonly type: "write"; readonly inode: number; readonly offset: number; readonly bytes: Buffer }
  | { readonly type: "cut"; readonly inode: number; readonly length: number }
  | { readonly type: "sync" | "failed sync"; readonly inode: number }
  | { readonly type: "other sync" }
  | { readonly type: "rename" | "link"; readonly from: string; readonly to: string }
  | { readonly type: "unlink"; readonly path: string }
  | { readonly type: "ack"; readonly text: string };

const HEAD_BYTES = 24;

export function readTrace(trace: Buffer): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at + HEAD_BYTES <= trace.length;) {
    const type = String.fromCharCode(trace.readUInt32LE(at));
    const length = trace.readUInt32LE(at + 4);
    const bytes = trace.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
    entries.push(entry(type, Number(trace.readBigUInt64LE(at + 8)), Number(trace.readBigUInt64LE(at + 16)), bytes));
    at += HEAD_BYTES + length;
  }
  return entries;
}

function entry(type: string, inode: number, offset: number, bytes: Buffer): Entry {
  const [from = "", to = ""] = "CRLU".includes(type) ? bytes.toString().split("\0") : [];
  switch (type) {
    case "C":
      return { type: "create", inode, path: from };
    case "W":
      return { type: "write", inode, offset, bytes };
    case "T":
      return { type: "cut", inode, length: offset };
    case "S":
      return { type: "sync", inode };
    case "F":
      return { type: "failed sync", inode };
    case "D":
      return { type: "other sync" };
    case "R":
      return { type: "rename", from, to };
    case "L":
      return { type: "link", from, to };
    case "U":
      return { type: "unlink", path: from };
    case "A":
      return { type: "ack", text: bytes.toString() };
    default:
      throw new Error(`The trace has an entry of an unknown type: ${JSON.stringify(type)}`);
  }
}
