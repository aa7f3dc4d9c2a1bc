/** Maps an instance onto its workflow's graph: which steps ran, how often and how they ended. Steps match by name; computed names by their fixed parts. Pure. */
import { hasFailed, splitName, type Entry } from "../instance/timeline.ts";

/** How a step of the graph fared. */
export interface Paint {
  readonly state: "unseen" | "running" | "complete" | "errored";
  readonly times: number;
  readonly failed: number;
  /** The entry to show when the step is chosen: the one that failed, that goes on, or else the last. */
  readonly entry: Entry | undefined;
  /** True when this entry is one of the step's. */
  readonly has: (entry: Entry) => boolean;
}

/** Says how each step fared, by its type in the graph and its name there. */
export type Painter = (type: string, name: string) => Paint;

const TYPES: Readonly<Record<string, Entry["type"]>> = {
  step_do: "step",
  step_sleep: "sleep",
  step_sleep_until: "sleep",
  step_wait_for_event: "waitForEvent",
};

const UNSEEN: Paint = { state: "unseen", times: 0, failed: 0, entry: undefined, has: () => false };

/** Sorts the entries by name, once; each step of the graph then finds its own. */
export function painter(entries: readonly Entry[]): Painter {
  const byName = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = nameOf(entry);
    const some = byName.get(key);
    if (some === undefined) byName.set(key, [entry]);
    else some.push(entry);
  }
  const known = new Map<string, Paint>();
  return (type, name) => {
    const key = `${type} ${name}`;
    let found = known.get(key);
    if (found === undefined) known.set(key, (found = paintOf(byName, type, name)));
    return found;
  };
}

function paintOf(byName: ReadonlyMap<string, readonly Entry[]>, type: string, name: string): Paint {
  const kind = TYPES[type];
  if (kind === undefined) return UNSEEN;
  const isOne = matcher(kind, name);
  const found = isComputed(name)
    ? [...byName].flatMap(([key, some]) => (isOne(key) ? some : []))
    : (byName.get(`${kind} ${name}`) ?? []);
  const failed = found.findLast(({ state }) => state === "errored");
  const running = found.findLast(({ state }) => state === "running");
  const entry = failed ?? running ?? found.at(-1);
  return {
    state: entry?.state ?? "unseen",
    times: found.length,
    failed: found.reduce((count, each) => (hasFailed(each) ? count + 1 : count), 0),
    entry,
    has: (one) => isOne(nameOf(one)),
  };
}

function nameOf({ type, name }: Entry): string {
  return `${type} ${splitName(name).name}`;
}

const DYNAMIC = "<dynamic>";

function isComputed(name: string): boolean {
  return name === DYNAMIC || name.includes("${");
}

function matcher(kind: Entry["type"], name: string): (key: string) => boolean {
  if (!isComputed(name)) return (key) => key === `${kind} ${name}`;
  if (name === DYNAMIC) return () => false;
  const parts = name.split(/\$\{[^}]*\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  const pattern = new RegExp(`^${kind} ${parts.join(".*")}$`, "s");
  return (key) => pattern.test(key);
}
