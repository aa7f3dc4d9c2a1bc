/**
 * What a workflow's graph is made of: Cloudflare's shapes, as its REST API and its SDK have them. A graph is a tree that
 * follows the code; steps are its leaves, and what surrounds them says when and how often they run.
 *
 * What is inside a node is checked, too, though its description says `unknown`, as Cloudflare's does: a schema that contains
 * itself cannot be written out.
 */
import { z } from "zod";

/** Milliseconds, a duration such as `"5 minutes"`, or the piece of source that computes it. */
const duration = z.union([z.number(), z.string()]);

/**
 * When a step that is not awaited at once begins and when it is awaited, as moments of the function that it is in: the
 * first is 1, and each `await` that something running alongside passes moves to the next. Absent where steps simply
 * follow one another.
 */
const timed = { starts: z.int().min(1).exactOptional(), resolves: z.int().min(2).exactOptional() };

/** Checked by what is defined further down; described as `unknown`. */
function inner(schema: () => z.ZodType): z.ZodType {
  return z.unknown().refine((value) => schema().safeParse(value).success);
}

/** Interfaces: an alias of a type that is made of itself would be circular. */
interface Nodes extends Array<GraphNode> {}
interface Fields extends Record<string, Payload> {}

const nodes = z.array(inner(() => node)) as unknown as z.ZodType<Nodes>;

const fields = z.record(
  z.string(),
  inner(() => payload),
) as unknown as z.ZodType<Fields>;

/** The fields that the code reads of something that comes from outside; `unknown` where it reads none. */
const payload = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("unknown") }),
  z.strictObject({ type: z.literal("object"), fields }),
]);

const block = z.strictObject({ type: z.literal("block"), nodes });

/** A way that is taken when its condition, a piece of source, holds; null is what is left over. */
const branch = z.strictObject({ condition: z.string().nullable(), nodes });

const functionDef = z.strictObject({ type: z.literal("function_def"), name: z.string(), nodes });

const workflow = {
  class_name: z.string(),
  functions: z.record(z.string(), functionDef),
  nodes,
  payload: payload.exactOptional(),
};

const stepDo = z.strictObject({
  type: z.literal("step_do"),
  /** As written; an expression in a template shows as `${...}`, a name that is computed altogether as `<dynamic>`. */
  name: z.string(),
  config: z.strictObject({
    retries: z.strictObject({
      limit: z.number(),
      /** `[dynamic]` when a function computes it. */
      delay: duration,
      backoff: z.enum(["constant", "linear", "exponential"]),
    }),
    timeout: duration,
  }),
  /** Steps inside its callback. */
  nodes,
  ...timed,
});

const stepWaitForEvent = z.strictObject({
  type: z.literal("step_wait_for_event"),
  name: z.string(),
  /** Null when the code computes them. */
  options: z.strictObject({ event_type: z.string(), timeout: duration }).nullable(),
  payload: payload.exactOptional(),
  ...timed,
});

/** What a combinator of `Promise` waits for. */
const parallel = z.strictObject({ type: z.literal("parallel"), kind: z.enum(["all", "any", "all_settled", "race"]), nodes });

const tryNode = z.strictObject({
  type: z.literal("try"),
  try_block: block.nullable(),
  catch_block: block.nullable(),
  finally_block: block.nullable(),
});

/** The fourteen kinds. `start` and `function_def` stand for whole functions: they are never inside another node. */
const node = z.discriminatedUnion("type", [
  stepDo,
  z.strictObject({ type: z.literal("step_sleep"), name: z.string(), duration, ...timed }),
  z.strictObject({ type: z.literal("step_sleep_until"), name: z.string(), timestamp: z.string(), ...timed }),
  stepWaitForEvent,
  /** Whatever is repeated: a statement, or a callback that is called for each element. */
  z.strictObject({ type: z.literal("loop"), nodes }),
  parallel,
  tryNode,
  block,
  z.strictObject({ type: z.literal("if"), branches: z.array(branch) }),
  z.strictObject({ type: z.literal("switch"), discriminant: z.string(), branches: z.array(branch) }),
  /** A call of one of the graph's `functions`. */
  z.strictObject({ type: z.literal("function_call"), name: z.string(), ...timed }),
  functionDef,
  z.strictObject({ type: z.literal("start"), ...workflow }),
  /** An end before the end: of a loop, or of the function. */
  z.strictObject({ type: z.literal("break"), kind: z.enum(["break", "return"]) }),
]);

const graph = z.strictObject({
  /** Of the format. Cloudflare's: 1. */
  version: z.number(),
  workflow: z.strictObject(workflow),
});

export type Payload = z.output<typeof payload>;
export type Timed = Pick<Extract<GraphNode, { type: "function_call" }>, "starts" | "resolves">;
export type Parallel = z.output<typeof parallel>;
export type Block = z.output<typeof block>;
export type Branch = z.output<typeof branch>;
export type FunctionDef = z.output<typeof functionDef>;
export type GraphNode = z.output<typeof node>;
export type Graph = z.output<typeof graph>;

/** A version's graph, as `/graph` and `/dag` answer it. */
export const shownGraph: z.ZodType<Graph> = graph;
