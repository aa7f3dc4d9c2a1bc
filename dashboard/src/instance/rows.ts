/**
 * The rows of the waterfall: single steps, and groups of many steps with the same name. A loop over several names becomes one
 * row per name, however they alternate. In long instances names that differ only in numbers form one group. Pure, and one pass
 * over the steps, because it runs again with every batch of live events.
 */
import { hasFailed, keyOf, splitName, type Entry, type EntryType } from "./timeline.ts";

/** One step, or many of one name. */
export type Row =
  | { readonly kind: "entry"; readonly key: string; readonly entry: Entry; readonly indented: boolean }
  | { readonly kind: "group"; readonly key: string; readonly group: Group; readonly isOpen: boolean };

/** Steps of one name and kind. */
export interface Group {
  readonly name: string;
  readonly type: EntryType;
  readonly entries: Entry[];
}

/** So many of a name are one row, until it is opened. */
const MANY = 8;

/** From so many steps on, names that differ in numbers only count as one. */
const LONG = 60;

/** Groups that `open` has, by key, show their steps as well. */
export function toRows(entries: readonly Entry[], open: ReadonlySet<string>): Row[] {
  const names = entries.length > LONG ? familyOf : nameOf;
  const counts = new Map<string, number>();
  for (const entry of entries) {
    const name = names(entry);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const rows: Row[] = [];
  let run = new Map<string, Group>();
  const flush = (): void => {
    if (run.size > 0) addRun(rows, run, open);
    run = new Map();
  };
  for (const entry of entries) {
    const name = names(entry);
    if ((counts.get(name) ?? 0) < MANY) {
      flush();
      rows.push(entryRow(entry, false));
      continue;
    }
    const group = run.get(name);
    if (group === undefined) run.set(name, { name: name.slice(entry.type.length + 1), type: entry.type, entries: [entry] });
    else group.entries.push(entry);
  }
  flush();
  return rows;
}

/** Every step as a row, for lists that have been searched. */
export function plainRows(entries: readonly Entry[]): Row[] {
  return entries.map((entry) => entryRow(entry, false));
}

/** The group that an entry is in, if it is in one. */
export function groupWith(rows: readonly Row[], entry: Entry): string | undefined {
  return rows.find((row) => row.kind === "group" && row.group.type === entry.type && row.group.entries.includes(entry))?.key;
}

/** Groups in the order of their first steps. What is too few for a group here stands where it would have begun. */
function addRun(rows: Row[], run: ReadonlyMap<string, Group>, open: ReadonlySet<string>): void {
  let loose: Entry[] = [];
  const settle = (): void => {
    for (const entry of loose.sort((a, b) => a.start - b.start)) rows.push(entryRow(entry, false));
    loose = [];
  };
  for (const group of run.values()) {
    const [first] = group.entries;
    if (first === undefined || group.entries.length < MANY) {
      loose.push(...group.entries);
      continue;
    }
    settle();
    const key = `group ${keyOf(first)}`;
    const isOpen = open.has(key);
    rows.push({ kind: "group", key, group, isOpen });
    if (isOpen) for (const entry of group.entries) rows.push(entryRow(entry, true));
  }
  settle();
}

function entryRow(entry: Entry, indented: boolean): Row {
  return { kind: "entry", key: keyOf(entry), entry, indented };
}

const known: WeakMap<Entry, { readonly name: string; readonly family: string }> = new WeakMap();

function namesOf(entry: Entry): { readonly name: string; readonly family: string } {
  let names = known.get(entry);
  if (names === undefined) {
    const name = `${entry.type} ${splitName(entry.name).name}`;
    known.set(entry, (names = { name, family: name.replaceAll(/\d+/g, "#") }));
  }
  return names;
}

function nameOf(entry: Entry): string {
  return namesOf(entry).name;
}

function familyOf(entry: Entry): string {
  return namesOf(entry).family;
}

/** What the steps of a group have in common. Milliseconds. */
export interface Summary {
  readonly failed: number;
  readonly retried: number;
  readonly running: number;
  readonly p50: number;
  readonly p95: number;
  readonly start: number;
  readonly end: number;
}

/** Asked for by rows that are seen, and only by those. */
export function summaryOf({ entries }: Group, now: number): Summary {
  const spans = new Float64Array(entries.length);
  let [failed, retried, running] = [0, 0, 0];
  let [first, last] = [Infinity, 0];
  entries.forEach((entry, i) => {
    const end = entry.state === "running" ? now : (entry.end ?? now);
    spans[i] = end - entry.start;
    if (entry.state === "errored") failed += 1;
    else if (hasFailed(entry)) retried += 1;
    if (entry.state === "running") running += 1;
    first = Math.min(first, entry.start);
    last = Math.max(last, end);
  });
  spans.sort();
  const at = (share: number): number => spans[Math.min(spans.length - 1, Math.floor(spans.length * share))] ?? 0;
  return { failed, retried, running, p50: at(0.5), p95: at(0.95), start: first, end: last };
}
