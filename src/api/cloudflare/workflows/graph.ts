/**
 * The schema of a workflow's graph, kind by kind. What is inside a node is checked, too, though its description says
 * `unknown`, as Cloudflare's does: a schema that contains itself cannot be written out.
 */
import { z } from "zod";
import type { Graph, GraphNode, Payload } from "../../../workers/graph/nodes.ts";

const duration = z.union([z.number(), z.string()]);

const timed = { starts: z.int().min(1).exactOptional(), resolves: z.int().min(2).exactOptional() };

/** Checked by what is defined further down; described as `unknown`. */
function inner<T>(isOne: (value: unknown) => boolean): z.ZodType<T> {
  return z.unknown().refine(isOne) as unknown as z.ZodType<T>;
}

const child: z.ZodType<GraphNode> = inner((value) => node.safeParse(value).success);

const nodes = z.array(child);

const field: z.ZodType<Payload> = inner((value) => payload.safeParse(value).success);

const payload: z.ZodType<Payload> = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("unknown") }),
  z.strictObject({ type: z.literal("object"), fields: z.record(z.string(), field) }),
]);

const block = z.strictObject({ type: z.literal("block"), nodes });

const branch = z.strictObject({ condition: z.string().nullable(), nodes });

const functionDef = z.strictObject({ type: z.literal("function_def"), name: z.string(), nodes });

const workflow = {
  class_name: z.string(),
  functions: z.record(z.string(), functionDef),
  nodes,
  payload: payload.exactOptional(),
};

const node = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("step_do"),
    name: z.string(),
    config: z.strictObject({
      retries: z.strictObject({ limit: z.number(), delay: duration, backoff: z.enum(["constant", "linear", "exponential"]) }),
      timeout: duration,
    }),
    nodes,
    ...timed,
  }),
  z.strictObject({ type: z.literal("step_sleep"), name: z.string(), duration, ...timed }),
  z.strictObject({ type: z.literal("step_sleep_until"), name: z.string(), timestamp: z.string(), ...timed }),
  z.strictObject({
    type: z.literal("step_wait_for_event"),
    name: z.string(),
    options: z.strictObject({ event_type: z.string(), timeout: duration }).nullable(),
    payload: payload.exactOptional(),
    ...timed,
  }),
  z.strictObject({ type: z.literal("loop"), nodes }),
  z.strictObject({ type: z.literal("parallel"), kind: z.enum(["all", "any", "all_settled", "race"]), nodes }),
  z.strictObject({
    type: z.literal("try"),
    try_block: block.nullable(),
    catch_block: block.nullable(),
    finally_block: block.nullable(),
  }),
  block,
  z.strictObject({ type: z.literal("if"), branches: z.array(branch) }),
  z.strictObject({ type: z.literal("switch"), discriminant: z.string(), branches: z.array(branch) }),
  z.strictObject({ type: z.literal("function_call"), name: z.string(), ...timed }),
  functionDef,
  z.strictObject({ type: z.literal("start"), ...workflow }),
  z.strictObject({ type: z.literal("break"), kind: z.enum(["break", "return"]) }),
]);

/** A version's graph, as `/graph` and `/dag` answer it. */
export const shownGraph: z.ZodType<Graph> = z.strictObject({ version: z.number(), workflow: z.strictObject(workflow) });
