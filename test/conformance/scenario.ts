/** What a scenario is: a small workflow, what is done to it from outside, and where the two systems are known to part. */

/** A step of a script: a verb and its argument. Calls of the binding are noted with what they answer. */
export type Action =
  /** Which instance the next actions are about. */
  | readonly ["on", string]
  /** Waits for a status, for something that user code noted, or for any end. */
  | readonly ["until", string]
  | readonly ["seen", unknown]
  | readonly ["end", undefined?]
  /** Milliseconds. */
  | readonly ["wait", number]
  | readonly ["create" | "createBatch" | "deleteBatch" | "get", unknown?]
  | readonly ["pause" | "resume" | "terminate" | "restart" | "delete" | "status" | "sendEvent", unknown?]
  /** The events that `subscribe(options)` gives, until it is done. */
  | readonly ["events", unknown?];

/** What is compared. `log` is the step log as the local explorer's API tells it. */
export const ASPECTS = ["seen", "answers", "status", "output", "error", "events", "log"] as const;

export type Aspect = (typeof ASPECTS)[number];

/** Why the two systems part in some aspects of a scenario. */
export interface Difference {
  readonly differs: "on purpose" | "local defect";
  readonly in: readonly Aspect[];
  /** One sentence. */
  readonly because: string;
  /** Of the description of Cloudflare's behaviour that this follows. */
  readonly section: string;
  /** On which executor of stepwell. */
  readonly on: "all" | "node";
}

export interface Scenario {
  /** Also the workflow's name. */
  readonly name: string;
  readonly topic: string;
  /** The body of `run(event, step)`; `see` and `caught` (`worker/observe.ts`) note what it sees. */
  readonly run: string;
  /** Code at the top level of its module. */
  readonly module: string;
  readonly script: readonly Action[];
  readonly flags: readonly string[];
  /** `step.do` calls that an instance may make. */
  readonly maxSteps: number | undefined;
  /** Whether the order of events counts between steps, or only within each: branches run in parallel have no order. */
  readonly order: "total" | "per step";
  readonly differences: readonly Difference[];
}

/** The instance that a script works on until it says otherwise. */
export const DEFAULT_ID = "it";

/** The instance that a script ends with: the one whose end is compared. */
export function lastId({ script }: Scenario): string {
  return script.findLast((action) => action[0] === "on")?.[1] ?? DEFAULT_ID;
}

/** Creates an instance and waits for its end. */
const CREATE: readonly Action[] = [["create"], ["end"]];

/** The scenarios of a topic, from what is particular to each. */
export function topic(
  name: string,
  scenarios: readonly (Pick<Scenario, "name" | "run"> & Partial<Omit<Scenario, "topic">>)[],
): readonly Scenario[] {
  return scenarios.map((each) => ({
    topic: name,
    module: "",
    script: CREATE,
    flags: [],
    maxSteps: undefined,
    order: "total",
    differences: [],
    ...each,
  }));
}

/** A difference that is meant. */
export function onPurpose(aspects: Difference["in"], section: string, because: string): Difference {
  return { differs: "on purpose", in: aspects, because, section, on: "all" };
}

/** What Node does in its own way, and workerd as the local engine, which is the same workerd. */
export function ofNode(aspects: Difference["in"], section: string, because: string): Difference {
  return { ...onPurpose(aspects, section, because), on: "node" };
}

/** A defect of the local engine that is not copied. */
export function localDefect(aspects: Difference["in"], section: string, because: string): Difference {
  return { differs: "local defect", in: aspects, because, section, on: "all" };
}
