/** The rows of the waterfall: steps one by one, and where many of a name follow one another, what they have in common. Pure. */
import { splitName, type Entry } from "./timeline.ts";

/** One step, or many of one name. */
export type Row =
  | { readonly kind: "entry"; readonly entry: Entry; readonly indented: boolean }
  | { readonly kind: "group"; readonly key: string; readonly group: Group };

/** Steps of one name and kind that follow one another. Milliseconds. */
export interface Group {
  readonly name: string;
  readonly type: Entry["type"];
  readonly entries: readonly Entry[];
  readonly failed: number;
  readonly p50: number;
  readonly p95: number;
  readonly start: number;
  readonly end: number;
  readonly isOpen: boolean;
}

/** So many in a row are one row, until it is opened. */
const MANY = 8;

/** Groups that `open` has, by key, show their steps as well. */
export function toRows(entries: readonly Entry[], open: ReadonlySet<string>, now: number): Row[] {
  const rows: Row[] = [];
  for (let from = 0; from < entries.length;) {
    const to = endOfGroup(entries, from);
    const members = entries.slice(from, to);
    if (members.length < MANY) for (const entry of members) rows.push({ kind: "entry", entry, indented: false });
    else {
      const key = `${from} ${members[0]?.type} ${splitName(members[0]?.name ?? "").name}`;
      const isOpen = open.has(key);
      rows.push({ kind: "group", key, group: summary(members, isOpen, now) });
      if (isOpen) for (const entry of members) rows.push({ kind: "entry", entry, indented: true });
    }
    from = to;
  }
  return rows;
}

function endOfGroup(entries: readonly Entry[], from: number): number {
  const first = entries[from];
  if (first === undefined) return from + 1;
  const { name } = splitName(first.name);
  let to = from + 1;
  for (; to < entries.length; to += 1) {
    const entry = entries[to];
    if (entry?.type !== first.type || splitName(entry.name).name !== name) break;
  }
  return to;
}

function summary(entries: readonly Entry[], isOpen: boolean, now: number): Group {
  const [first] = entries;
  const spans = entries.map(({ start, end }) => (end ?? now) - start).toSorted((a, b) => a - b);
  const at = (share: number): number => spans[Math.min(spans.length - 1, Math.floor(spans.length * share))] ?? 0;
  return {
    name: splitName(first?.name ?? "").name,
    type: first?.type ?? "step",
    entries,
    failed: entries.filter(({ state }) => state === "errored").length,
    p50: at(0.5),
    p95: at(0.95),
    start: first?.start ?? now,
    end: entries.reduce((latest, { end }) => Math.max(latest, end ?? now), 0),
    isOpen,
  };
}
