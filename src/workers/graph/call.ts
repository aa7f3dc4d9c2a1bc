/** Calls: of steps, of functions that can be followed, of promises' combinators and chains, of callbacks for each element. */
import type { AnyNode, CallExpression, MemberExpression, NewExpression } from "acorn";
import { block, type Drawing, type Place } from "./drawing.ts";
import { chained, combinator, combine } from "./promise.ts";
import { construct, initialise, memberOf, setMember, superclassOf } from "./known/member.ts";
import type { GraphNode } from "./nodes.ts";
import { step } from "./step.ts";
import { isWritten, keyName } from "./known/syntax.ts";
import { holdsStep, promiseOf, promisesIn, UNKNOWN, Unanalyzable, type FunctionValue, type Value } from "./known/value.ts";

/** Methods that call their callback once for each element. */
const FOR_EACH: ReadonlySet<string> = new Set([
  "map",
  "flatMap",
  "forEach",
  "filter",
  "some",
  "every",
  "find",
  "findIndex",
  "reduce",
  "reduceRight",
  "from",
  "fromAsync",
]);

/** Draws a call. */
export function call(drawing: Drawing, node: CallExpression, place: Place, awaited: boolean): Value {
  const { callee } = node;
  if (callee.type === "MemberExpression") return methodCall(drawing, node, callee, place, awaited);
  const target = drawing.expression(callee, place);
  if (callee.type === "Super") {
    const self = place.scope.find("this");
    const above = target.kind === "class" ? superclassOf(drawing, target) : undefined;
    const args = values(drawing, node.arguments, place);
    if (above !== undefined && self?.kind === "object") initialise(drawing, above, self, args, place);
    return UNKNOWN;
  }
  if (target.kind === "function" && isNaming(target)) return named(drawing, node.arguments, place);
  if (target.kind === "function" && awaited && isWritten(callee))
    return drawing.inline(target, values(drawing, node.arguments, place), place);
  return apply(drawing, target, node.arguments, place, awaited);
}

function methodCall(drawing: Drawing, node: CallExpression, callee: MemberExpression, place: Place, awaited: boolean): Value {
  const { arguments: args } = node;
  const name = keyName(callee, callee.property);
  const kind = combinator(callee, place);
  if (kind !== undefined) return combine(drawing, kind, args, place, awaited);
  if (name === "then" || name === "catch" || name === "finally")
    return chained(drawing, name, callee.object, args, place, awaited);
  const object = callee.object.type === "Super" ? UNKNOWN : drawing.expression(callee.object, place);
  if ((object.kind === "function" || object.kind === "verb") && (name === "bind" || name === "call")) {
    const rest = args.slice(1);
    return name === "bind" ? object : apply(drawing, object, rest, place, awaited);
  }
  if (object.kind === "object" && object.of === undefined && name === "push") {
    for (const each of args) setMember(object, undefined, drawing.expression(each, place), each);
    return UNKNOWN;
  }
  const target = callee.object.type === "Super" ? drawing.expression(callee, place) : memberOf(drawing, object, name);
  if (target.kind === "unknown" && name !== undefined && FOR_EACH.has(name)) return forEach(drawing, object, args, place);
  return apply(drawing, target, args, place, awaited);
}

function apply(drawing: Drawing, target: Value, args: readonly AnyNode[], place: Place, awaited: boolean): Value {
  if (target.kind === "verb") return step(drawing, target.verb, args, place, awaited);
  if (target.kind === "function") return drawing.call(target, values(drawing, args, place), place, awaited);
  return handOver(drawing, args, place);
}

function values(drawing: Drawing, args: readonly AnyNode[], place: Place): Value[] {
  return args.map((each) => drawing.expression(each, place));
}

/**
 * A call of a function that cannot be followed. Functions passed to it are drawn as if it called them; the step itself must not
 * be passed, because its use could not be followed.
 */
function handOver(drawing: Drawing, args: readonly AnyNode[], place: Place): Value {
  const answers = args.map((source) => {
    const value = drawing.expression(source, place);
    if (holdsStep(value)) throw new Unanalyzable("The step is passed to code that cannot be analyzed");
    return value.kind === "function" ? callBack(drawing, source, value, place) : value;
  });
  return promiseOf(...answers);
}

/** A callback that is written where it is handed over is drawn there; another one is called. */
function callBack(drawing: Drawing, source: AnyNode, target: FunctionValue, place: Place): Value {
  return isWritten(source) ? drawing.inline(target, [], place) : drawing.call(target, [], place, false);
}

function forEach(drawing: Drawing, list: Value, args: readonly AnyNode[], place: Place): Value {
  const nodes: GraphNode[] = [];
  const answers = args.map((source) => {
    const value = drawing.expression(source, place);
    if (holdsStep(value)) throw new Unanalyzable("The step is passed to code that cannot be analyzed");
    return value.kind === "function" ? callBack(drawing, source, value, block(place, place.scope, nodes)) : value;
  });
  if (nodes.length === 0) return promiseOf(list, ...answers);
  const loop: GraphNode = { type: "loop", nodes };
  place.out.push(loop);
  return { kind: "promise", of: new Set([loop, ...answers.flatMap((each) => promisesIn(each))]) };
}

/** `new X(…)`: of a class in the bundle an instance is followed. */
export function construction(drawing: Drawing, node: NewExpression, place: Place): Value {
  const of = drawing.expression(node.callee, place);
  if (of.kind !== "class") return handOver(drawing, node.arguments, place);
  return construct(drawing, of, values(drawing, node.arguments, place), place);
}

/** What bundlers keep names with: `(target, value) => defineProperty(target, "name", …)`. */
function isNaming({ syntax: { params, body } }: FunctionValue): boolean {
  if (params.length !== 2 || body.type !== "CallExpression") return false;
  const [target, name] = body.arguments;
  const [first] = params;
  const isSame = target?.type === "Identifier" && first?.type === "Identifier" && target.name === first.name;
  return isSame && name?.type === "Literal" && name.value === "name";
}

function named(drawing: Drawing, args: readonly AnyNode[], place: Place): Value {
  const [target = UNKNOWN, name = UNKNOWN] = values(drawing, args, place);
  if (target.kind !== "function" || name.kind !== "literal") return target;
  const [source] = args;
  const answer: FunctionValue = { ...target, name: String(name.value) };
  if (source?.type === "Identifier") place.scope.assign(source.name, answer);
  return answer;
}
