/** An instance on its workflow's graph: which steps ran, how often, how it went. Names join the two; what code computes matches by its fixed parts. Pure. */
import { splitName, type Entry } from "../instance/timeline.ts";

/** How a step of the graph fared. */
export interface Paint {
  readonly state: "unseen" | "running" | "complete" | "errored";
  readonly times: number;
  /** The entry to show when the step is chosen: the one that failed, that goes on, or else the last. */
  readonly entry: Entry | undefined;
}

const TYPES: Readonly<Record<string, Entry["type"]>> = {
  step_do: "step",
  step_sleep: "sleep",
  step_sleep_until: "sleep",
  step_wait_for_event: "waitForEvent",
};

/** Answers how each step fared, by its type in the graph and its name there. */
export function painter(entries: readonly Entry[]): (type: string, name: string) => Paint {
  const byName = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = `${entry.type} ${splitName(entry.name).name}`;
    const known = byName.get(key);
    if (known === undefined) byName.set(key, [entry]);
    else known.push(entry);
  }
  return (type, name) => {
    const kind = TYPES[type];
    if (kind === undefined) return { state: "unseen", times: 0, entry: undefined };
    const found = isComputed(name) ? matching(byName, kind, name) : (byName.get(`${kind} ${name}`) ?? []);
    const failed = found.findLast(({ state }) => state === "errored");
    const running = found.findLast(({ state }) => state === "running");
    const entry = failed ?? running ?? found.at(-1);
    return { state: entry?.state ?? "unseen", times: found.length, entry };
  };
}

const DYNAMIC = "<dynamic>";

function isComputed(name: string): boolean {
  return name === DYNAMIC || name.includes("${");
}

function matching(byName: ReadonlyMap<string, readonly Entry[]>, kind: Entry["type"], name: string): readonly Entry[] {
  if (name === DYNAMIC) return [];
  const parts = name.split(/\$\{[^}]*\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  const pattern = new RegExp(`^${kind} ${parts.join(".*")}$`, "s");
  return [...byName].flatMap(([key, entries]) => (pattern.test(key) ? entries : []));
}
