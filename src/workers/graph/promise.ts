/** Promises: `Promise.all` and its like, and the chains of `then`, `catch` and `finally`. */
import type { AnyNode, MemberExpression } from "acorn";
import { block, type Drawing, type Place } from "./drawing.ts";
import type { GraphNode, Parallel } from "./nodes.ts";
import { isWritten, keyName } from "./known/syntax.ts";
import type { Started } from "./timing.ts";
import { promiseOf, promisesIn, UNKNOWN, type Value } from "./known/value.ts";

const KINDS: ReadonlyMap<string, Parallel["kind"]> = new Map([
  ["all", "all"],
  ["allSettled", "all_settled"],
  ["any", "any"],
  ["race", "race"],
]);

/** Which combinator this calls; undefined when it is none, or when `Promise` is a name of the code's own. */
export function combinator(callee: MemberExpression, { scope }: Place): Parallel["kind"] | undefined {
  const isPromise = callee.object.type === "Identifier" && callee.object.name === "Promise";
  if (!isPromise || scope.find("Promise") !== undefined) return undefined;
  return KINDS.get(keyName(callee, callee.property) ?? "");
}

/**
 * Draws a combinator. Each element is a branch; what has been started just before for the sake of this is brought into it,
 * and what has been started earlier stays where it is: the moments tell.
 */
export function combine(
  drawing: Drawing,
  kind: Parallel["kind"],
  args: readonly AnyNode[],
  place: Place,
  awaited: boolean,
): Value {
  const [list] = args;
  const elements = list?.type === "ArrayExpression" ? list.elements.filter((each) => each !== null) : args;
  const joined = new Set<Started>();
  const nodes: GraphNode[] = [];
  const ways = elements.map((each) => () => {
    const branch: GraphNode[] = [];
    for (const node of promisesIn(element(drawing, each, block(place, place.scope, branch)))) joined.add(node);
    const [first] = branch;
    if (first !== undefined) nodes.push(branch.length === 1 ? first : { type: "block", nodes: branch });
  });
  place.frame.timing.alongside(ways);
  nodes.unshift(...lately(place.out, joined));
  const parallel: Parallel = { type: "parallel", kind, nodes };
  if (nodes.length > 0) place.out.push(parallel);
  if (awaited) place.frame.timing.settle(joined);
  return awaited ? UNKNOWN : { kind: "promise", of: joined.add(parallel) };
}

/** A function that is called where it is written is a sequence of its own: `Promise.all([(async () => { … })()])`. */
function element(drawing: Drawing, node: AnyNode, place: Place): Value {
  if (node.type !== "CallExpression" || !isWritten(node.callee)) return drawing.expression(node, place);
  const target = drawing.expression(node.callee, place);
  const args = node.arguments.map((each) => drawing.expression(each, place));
  return target.kind === "function" ? drawing.inline(target, args, place) : UNKNOWN;
}

/** Takes the nodes at the end that are all waited for. */
function lately(out: GraphNode[], joined: ReadonlySet<Started>): GraphNode[] {
  const isJoined = (node: GraphNode): boolean => joined.has(node) || (node.type === "loop" && node.nodes.every(isJoined));
  let from = out.length;
  for (let last = out[from - 1]; last !== undefined && isJoined(last); last = out[from - 1]) from -= 1;
  return out.splice(from);
}

/** A chain: what follows a promise, or takes the place of its failure. */
export function chained(
  drawing: Drawing,
  name: "then" | "catch" | "finally",
  object: AnyNode,
  args: readonly AnyNode[],
  place: Place,
  awaited: boolean,
): Value {
  const tried: GraphNode[] = [];
  const value = drawing.expression(object, block(place, place.scope, tried), awaited);
  const links = args.map((source) => {
    const nodes: GraphNode[] = [];
    const callback = drawing.expression(source, block(place, place.scope, nodes));
    const inner = block(place, place.scope, nodes);
    return { nodes, value: callback.kind === "function" ? drawing.inline(callback, [], inner) : UNKNOWN };
  });
  const [first = { nodes: [], value: UNKNOWN }, second = { nodes: [], value: UNKNOWN }] = links;
  const caught = name === "catch" ? first.nodes : second.nodes;
  const after = name === "finally" ? first.nodes : [];
  if (caught.length + after.length === 0) place.out.push(...tried);
  else {
    const part = (nodes: GraphNode[]) => (nodes.length === 0 ? null : ({ type: "block", nodes } as const));
    place.out.push({ type: "try", try_block: part(tried), catch_block: part(caught), finally_block: part(after) });
  }
  if (name === "then") place.out.push(...first.nodes);
  return promiseOf(value, first.value, second.value);
}
