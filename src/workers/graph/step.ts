/** A call of a step's method, as a node: its name, and the settings that can be read from the source. */
import type { AnyNode } from "acorn";
import { DEFAULT_STEP_CONFIG } from "../../model/step/config.ts";
import type { Drawing, Place } from "./drawing.ts";
import type { GraphNode } from "./nodes.ts";
import { sourceText } from "./known/syntax.ts";
import { UNKNOWN, type Value, type Verb } from "./known/value.ts";

type StepNode = Extract<GraphNode, { type: `step_${string}` }>;

/** An argument: what is known of it, and its source. */
interface Argument {
  readonly value: Value;
  readonly source: AnyNode | undefined;
}

const NONE: Argument = { value: UNKNOWN, source: undefined };

/** How long `waitForEvent` waits without a timeout. */
const DEFAULT_WAIT = "24 hours";

/** Draws the step and answers a promise of it, unless it is awaited there. */
export function step(drawing: Drawing, verb: Verb, sources: readonly AnyNode[], place: Place, awaited: boolean): Value {
  const args = sources.map((source) => ({ source, value: drawing.expression(source, place) }));
  const node = stepNode(drawing, verb, args);
  place.out.push(node);
  place.frame.timing.start(node, awaited);
  return awaited ? UNKNOWN : { kind: "promise", of: new Set([node]) };
}

function stepNode(drawing: Drawing, verb: Verb, args: readonly Argument[]): StepNode {
  const [first = NONE, second = NONE, third = NONE] = args;
  const name = stepName(first.value);
  switch (verb) {
    case "do": {
      const hasConfig = second.value.kind !== "function" && args.length > 2;
      const callback = (hasConfig ? third : second).value;
      const nodes = callback.kind === "function" ? drawing.apart(callback) : [];
      return { type: "step_do", name, config: stepConfig(drawing, hasConfig ? second : NONE), nodes };
    }
    case "sleep":
      return { type: "step_sleep", name, duration: duration(drawing, second) ?? "unknown" };
    case "sleepUntil":
      return { type: "step_sleep_until", name, timestamp: timestamp(drawing, second) };
    case "waitForEvent":
      return { type: "step_wait_for_event", name, options: waitOptions(drawing, second) };
  }
}

function stepName(value: Value): string {
  if (value.kind === "literal") return String(value.value);
  return value.kind === "template" ? value.text : "<dynamic>";
}

function memberOf({ value }: Argument, name: string): Argument {
  return (value.kind === "object" ? value.members.get(name) : undefined) ?? NONE;
}

/** A value that is in the source, else the source. Undefined when there is nothing. */
function duration(drawing: Drawing, { value, source }: Argument): number | string | undefined {
  if (value.kind === "literal" && (typeof value.value === "number" || typeof value.value === "string")) return value.value;
  return source && sourceText(drawing.module, source);
}

/** A date that is written out shows as it is written. */
function timestamp(drawing: Drawing, { value, source }: Argument): string {
  const written = source?.type === "NewExpression" && source.arguments.length === 1 ? source.arguments[0] : undefined;
  if (written?.type === "Literal") return String(written.value);
  return String(duration(drawing, { value, source }) ?? "unknown");
}

function stepConfig(drawing: Drawing, config: Argument): Extract<StepNode, { type: "step_do" }>["config"] {
  const { retries, timeout } = DEFAULT_STEP_CONFIG;
  const own = memberOf(config, "retries");
  const limit = memberOf(own, "limit").value;
  const delay = memberOf(own, "delay");
  const backoff = memberOf(own, "backoff").value;
  return {
    retries: {
      limit: limit.kind === "literal" && typeof limit.value === "number" ? limit.value : retries.limit,
      delay: delay.value.kind === "function" ? "[dynamic]" : (duration(drawing, delay) ?? retries.delay),
      backoff: backoff.kind === "literal" && isBackoff(backoff.value) ? backoff.value : retries.backoff,
    },
    timeout: duration(drawing, memberOf(config, "timeout")) ?? timeout,
  };
}

function isBackoff(value: unknown): value is "constant" | "linear" | "exponential" {
  return value === "constant" || value === "linear" || value === "exponential";
}

function waitOptions(drawing: Drawing, options: Argument): Extract<StepNode, { type: "step_wait_for_event" }>["options"] {
  if (options.value.kind !== "object") return null;
  const type = memberOf(options, "type");
  return {
    event_type: type.value.kind === "template" ? type.value.text : String(duration(drawing, type) ?? "unknown"),
    timeout: duration(drawing, memberOf(options, "timeout")) ?? DEFAULT_WAIT,
  };
}
