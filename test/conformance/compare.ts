/** Holds what two systems did against each other, and against what is known of how they differ. */
import { KNOWN, type Known } from "./known.ts";
import { ASPECTS, type Aspect, type Difference, type Scenario } from "./scenario.ts";
import type { Observation } from "./system.ts";

/** An aspect in which the systems part. */
export interface Parting {
  readonly aspect: Aspect;
  readonly own: readonly string[];
  readonly peer: readonly string[];
  /** Undefined when no explanation is recorded. */
  readonly difference: Difference | undefined;
}

export interface Comparison {
  readonly scenario: Scenario;
  readonly partings: readonly Parting[];
  /** Aspects that are said to differ and do not. */
  readonly stale: readonly Aspect[];
  /** Which of the differences that run through many scenarios were met. */
  readonly known: ReadonlySet<Known>;
}

/** Compares two observations of a scenario. */
export function compare(scenario: Scenario, own: Observation, peer: Observation): Comparison {
  const partings: Parting[] = [];
  const stale: Aspect[] = [];
  const known = new Set<Known>();
  for (const aspect of ASPECTS) {
    const mine = lines(scenario, aspect, own, "stepwell", known);
    const theirs = lines(scenario, aspect, peer, "local", known);
    const difference = scenario.differences.find((each) => each.in.includes(aspect));
    const same = mine.length === theirs.length && mine.every((line, i) => line === theirs[i]);
    if (!same) partings.push({ aspect, own: mine, peer: theirs, difference });
    else if (difference !== undefined) stale.push(aspect);
  }
  return { scenario, partings, stale, known };
}

/** True when all that differs is explained, and all that is explained differs. */
export function holds({ partings, stale }: Comparison): boolean {
  return stale.length === 0 && partings.every(({ difference }) => difference !== undefined);
}

function lines(
  { order }: Scenario,
  aspect: Aspect,
  observation: Observation,
  of: "stepwell" | "local",
  used: Set<Known>,
): readonly string[] {
  let list: readonly string[] = [observation[aspect]].flat();
  for (const known of KNOWN) {
    if (known.in !== aspect || (known.of !== of && known.of !== "both")) continue;
    const before = list;
    list = known.without(before);
    if (list.length !== before.length || list.some((line, i) => line !== before[i])) used.add(known);
  }
  if (order === "total") return list;
  return aspect === "log" ? list.toSorted() : aspect === "events" ? perStep(list) : list;
}

/** Each step's events together, and first the ones of the instance: what is left of an order when branches are parallel. */
function perStep(events: readonly string[]): readonly string[] {
  return [...Map.groupBy(events, stepOf)].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, each]) => each);
}

/** Which step an event is of: its name and kind. Nothing for events of the instance. */
function stepOf(event: string): string {
  const [type = "", name = ""] = event.split(" ");
  if (type.startsWith("workflow_")) return "";
  return `${name} ${type.startsWith("sleep_") || type.startsWith("wait_") ? type.split("_")[0] : "do"}`;
}
