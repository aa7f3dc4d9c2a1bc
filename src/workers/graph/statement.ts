/** Statements: in their order, with the names that they make. */
import type { AnyNode, VariableDeclarator } from "acorn";
import { bind } from "./known/bind.ts";
import { branches, switchNode, tryNode } from "./branch.ts";
import { block, type Drawing, type Place } from "./drawing.ts";
import type { GraphNode } from "./nodes.ts";
import { payloadShape } from "./known/payload.ts";
import { parts } from "./known/syntax.ts";
import { promiseOf, promisesIn, Scope, UNKNOWN, type Value } from "./known/value.ts";

/** See `Drawing.statements`. Functions are known before they are declared. */
export function statements(drawing: Drawing, list: readonly AnyNode[], place: Place): void {
  for (const each of list)
    if (each.type === "FunctionDeclaration" && each.id) place.scope.declare(each.id.name, drawing.expression(each, place));
  for (const each of list) {
    if (each.type !== "VariableDeclaration") statement(drawing, each, place);
    else for (const declarator of each.declarations) declaration(drawing, declarator, list, place);
  }
}

/** An event that is kept in a variable has the fields that the rest of the block reads. */
function declaration(drawing: Drawing, { id, init }: VariableDeclarator, list: readonly AnyNode[], place: Place): void {
  const { length } = place.out;
  const value = init ? drawing.expression(init, place) : UNKNOWN;
  const drawn = place.out.length === length + 1 ? place.out.at(-1) : undefined;
  if (drawn?.type === "step_wait_for_event" && init?.type === "AwaitExpression") drawn.payload = payloadShape(list, id);
  bind(drawing, id, value, place, "declare");
}

function statement(drawing: Drawing, node: AnyNode, place: Place): void {
  switch (node.type) {
    case "FunctionDeclaration":
      return;
    case "ClassDeclaration":
      if (node.id) place.scope.declare(node.id.name, drawing.expression(node, place));
      return;
    case "BlockStatement":
      drawing.statements(node.body, block(place, new Scope(place.scope)));
      return;
    case "LabeledStatement":
      drawing.statements([node.body], place);
      return;
    case "IfStatement":
      branches(drawing, node, place);
      return;
    case "SwitchStatement":
      switchNode(drawing, node, place);
      return;
    case "TryStatement":
      tryNode(drawing, node, place);
      return;
    case "ForStatement":
    case "ForInStatement":
    case "ForOfStatement":
    case "WhileStatement":
    case "DoWhileStatement":
      loop(drawing, node, place);
      return;
    case "BreakStatement":
      if (node.label || place.inside === "loop") place.out.push({ type: "break", kind: "break" });
      return;
    case "ReturnStatement":
      leave(drawing, node.argument ?? undefined, place);
      return;
    default:
      for (const part of parts(node)) drawing.expression(part, place);
  }
}

type LoopStatement = Extract<
  AnyNode,
  { type: "ForStatement" | "ForInStatement" | "ForOfStatement" | "WhileStatement" | "DoWhileStatement" }
>;

/** What is asked before each round is a part of the loop; what is done once, before it, is not. */
function loop(drawing: Drawing, node: LoopStatement, place: Place): void {
  const nodes: GraphNode[] = [];
  const outer = block(place, new Scope(place.scope));
  const inner: Place = { ...block(outer, outer.scope, nodes), inside: "loop" };
  if (node.type === "ForOfStatement" || node.type === "ForInStatement") {
    const each = element(drawing.expression(node.right, outer), node.type);
    if (node.left.type !== "VariableDeclaration") bind(drawing, node.left, each, inner, "assign");
    else for (const { id } of node.left.declarations) bind(drawing, id, each, inner, "declare");
    if (node.type === "ForOfStatement" && node.await) inner.frame.timing.settle(promisesIn(each));
  }
  if (node.type === "ForStatement" && node.init?.type === "VariableDeclaration") drawing.statements([node.init], outer);
  else if (node.type === "ForStatement" && node.init) drawing.expression(node.init, outer);
  const test = "test" in node ? node.test : undefined;
  if (test && node.type !== "DoWhileStatement") drawing.expression(test, inner);
  drawing.statements([node.body], inner);
  if (test && node.type === "DoWhileStatement") drawing.expression(test, inner);
  if (node.type === "ForStatement" && node.update) drawing.expression(node.update, inner);
  place.out.push({ type: "loop", nodes });
}

/** Of a list of promises each element is one of them. */
function element(list: Value, type: "ForOfStatement" | "ForInStatement"): Value {
  return type === "ForInStatement" ? UNKNOWN : promiseOf(list);
}

/** The caller waits for the returned value. */
export function leave(drawing: Drawing, argument: AnyNode | undefined, place: Place): void {
  const { frame } = place;
  const value = argument === undefined ? UNKNOWN : drawing.expression(argument, place, frame.ends);
  if (frame.ends) frame.timing.settle(promisesIn(value));
  frame.returned.push(value);
  if (frame.ends) place.out.push({ type: "break", kind: "return" });
}
