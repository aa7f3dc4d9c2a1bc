/** Holds what two systems did against each other, and against what is known of how they differ. */
import { ASPECTS, type Aspect, type Difference, type Scenario } from "./scenario.ts";
import type { Observation } from "./system.ts";

/** An aspect in which the systems part. */
export interface Parting {
  readonly aspect: Aspect;
  readonly own: readonly string[];
  readonly peer: readonly string[];
  /** Undefined when nobody has said why. */
  readonly difference: Difference | undefined;
}

export interface Comparison {
  readonly scenario: Scenario;
  readonly partings: readonly Parting[];
  /** Aspects that are said to differ and do not. */
  readonly stale: readonly Aspect[];
}

/** Compares two observations of a scenario. */
export function compare(scenario: Scenario, own: Observation, peer: Observation): Comparison {
  const partings: Parting[] = [];
  const stale: Aspect[] = [];
  for (const aspect of ASPECTS) {
    const mine = lines(scenario, aspect, own);
    const theirs = lines(scenario, aspect, peer);
    const difference = scenario.differences.find((each) => each.in.includes(aspect));
    const same = mine.length === theirs.length && mine.every((line, i) => line === theirs[i]);
    if (!same) partings.push({ aspect, own: mine, peer: theirs, difference });
    else if (difference !== undefined) stale.push(aspect);
  }
  return { scenario, partings, stale };
}

/** True when all that differs is explained, and all that is explained differs. */
export function holds({ partings, stale }: Comparison): boolean {
  return stale.length === 0 && partings.every(({ difference }) => difference !== undefined);
}

function lines({ order }: Scenario, aspect: Aspect, observation: Observation): readonly string[] {
  const found = observation[aspect];
  const list = typeof found === "string" ? [found] : found;
  if (aspect === "log") return order === "total" ? list : list.toSorted();
  if (aspect !== "events") return list;
  const shown = withoutWaiting(list);
  return order === "total" ? shown : perStep(shown);
}

/**
 * The local engine never reports `waiting`: an instance that sleeps is running there. The documentation and production
 * have it, and so has stepwell; that is told once, in the report's head, and not in each scenario that sleeps.
 */
function withoutWaiting(events: readonly string[]): readonly string[] {
  let waiting = false;
  return events.filter((event) => {
    const leaves = waiting && event === "workflow_running";
    if (event === "workflow_waiting") waiting = true;
    else if (event.startsWith("workflow_")) waiting = false;
    return event !== "workflow_waiting" && !leaves;
  });
}

/** Each step's events together, and first the ones of the instance: what is left of an order when branches are parallel. */
function perStep(events: readonly string[]): readonly string[] {
  const step = (event: string): string => (event.startsWith("workflow_") ? "" : (event.split(" ")[1] ?? ""));
  return events.map((event, at) => ({ event, at })).toSorted((a, b) => (step(a.event) < step(b.event) ? -1 : step(a.event) > step(b.event) ? 1 : a.at - b.at)).map(({ event }) => event);
}
