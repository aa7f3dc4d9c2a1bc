/** Expressions: draws the steps that they run, in the order in which they run, and answers what is known of the value. */
import type { AnyNode, ArrayExpression, BinaryExpression, ObjectExpression } from "acorn";
import { bind } from "./known/bind.ts";
import { branches, either } from "./branch.ts";
import { call, construction } from "./call.ts";
import type { Drawing, Place } from "./drawing.ts";
import { memberOf, methodOf, setMember } from "./known/member.ts";
import { keyName, parts } from "./known/syntax.ts";
import { templateText, promisesIn, UNKNOWN, type ObjectValue, type Value } from "./known/value.ts";

/** See `Drawing.expression`. */
export function expression(drawing: Drawing, node: AnyNode, place: Place, awaited: boolean): Value {
  const go = (part: AnyNode, waits = false): Value => drawing.expression(part, place, waits);
  switch (node.type) {
    case "Literal":
      return literal(node.value);
    case "Identifier":
      return place.scope.find(node.name) ?? UNKNOWN;
    case "ThisExpression":
      return place.scope.find("this") ?? UNKNOWN;
    case "Super":
      return place.scope.find("super") ?? UNKNOWN;
    case "TemplateLiteral":
      return template(
        node.quasis.map(({ value }) => value.cooked ?? ""),
        node.expressions.map((part) => go(part)),
      );
    case "FunctionExpression":
    case "FunctionDeclaration":
    case "ArrowFunctionExpression":
      return { kind: "function", syntax: node, scope: place.scope, name: node.id?.name ?? "" };
    case "ClassExpression":
    case "ClassDeclaration":
      return { kind: "class", syntax: node, scope: place.scope };
    case "ChainExpression":
      return go(node.expression, awaited);
    case "ObjectExpression":
      return objectLiteral(drawing, node, place);
    case "ArrayExpression":
      return list(drawing, node, place);
    case "AwaitExpression": {
      const value = go(node.argument, true);
      place.frame.timing.settle(promisesIn(value));
      return value.kind === "promise" ? UNKNOWN : value;
    }
    case "ConditionalExpression":
      return branches(drawing, node, place, awaited);
    case "LogicalExpression":
      return either(drawing, node, place, awaited);
    case "SequenceExpression":
      return node.expressions.map((part, i) => go(part, awaited && i === node.expressions.length - 1)).at(-1) ?? UNKNOWN;
    case "CallExpression":
      return call(drawing, node, place, awaited);
    case "NewExpression":
      return construction(drawing, node, place);
    case "MemberExpression":
      return member(drawing, node.object, keyName(node, node.property), place);
    case "AssignmentExpression": {
      const value = go(node.right);
      bind(drawing, node.left, node.operator === "=" ? value : UNKNOWN, place, "assign");
      return value;
    }
    default:
      return operation(drawing, node, place);
  }
}

/** Expressions whose parts all run, in their order; of some of them the value is known. */
function operation(drawing: Drawing, node: AnyNode, place: Place): Value {
  const [first = UNKNOWN, second = UNKNOWN] = parts(node).map((part) => drawing.expression(part, place));
  if (node.type === "SpreadElement") return first;
  if (node.type === "UnaryExpression") return unary(node.operator, first);
  return node.type === "BinaryExpression" ? binary(node.operator, first, second) : UNKNOWN;
}

function list(drawing: Drawing, { elements }: ArrayExpression, place: Place): Value {
  const members: ObjectValue = { kind: "object", members: new Map() };
  elements.forEach((part, i) => part && setMember(members, String(i), drawing.expression(part, place), part));
  return members;
}

function member(drawing: Drawing, object: AnyNode, name: string | undefined, place: Place): Value {
  if (object.type !== "Super") return memberOf(drawing, drawing.expression(object, place), name);
  const self = place.scope.find("this");
  const above = place.scope.find("super");
  if (self?.kind !== "object" || above?.kind !== "class" || name === undefined) return UNKNOWN;
  return methodOf(drawing, above, name, self, "above");
}

function objectLiteral(drawing: Drawing, { properties }: ObjectExpression, place: Place): Value {
  const object: ObjectValue = { kind: "object", members: new Map() };
  for (const each of properties) {
    if (each.type === "SpreadElement") {
      const spread = drawing.expression(each.argument, place);
      if (spread.kind === "object") for (const [name, kept] of spread.members) object.members.set(name, kept);
      else if (spread.kind === "step") return spread;
      continue;
    }
    const name = keyName(each, each.key);
    const value = drawing.expression(each.value, place);
    const method = value.kind === "function" && each.value.type !== "ArrowFunctionExpression" && each.value.type !== "Identifier";
    const named = value.kind === "function" && value.name === "" ? { ...value, name: name ?? "" } : value;
    setMember(object, name, method && named.kind === "function" ? { ...named, self: object } : named, each.value);
  }
  return object;
}

function literal(value: unknown): Value {
  const isKnown = value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isKnown ? { kind: "literal", value } : UNKNOWN;
}

function template(texts: readonly string[], values: readonly Value[]): Value {
  const text = texts.map((each, i) => each + (i < values.length ? templateText(values[i] ?? UNKNOWN) : "")).join("");
  const isLiteral = values.every(({ kind }) => kind === "literal");
  return isLiteral ? { kind: "literal", value: text } : { kind: "template", text };
}

function unary(operator: string, value: Value): Value {
  if (value.kind !== "literal") return UNKNOWN;
  if (operator === "-" && typeof value.value === "number") return literal(-value.value);
  return operator === "!" ? literal(!value.value) : UNKNOWN;
}

const ARITHMETIC: { readonly [operator: string]: (a: number, b: number) => number } = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "**": (a, b) => a ** b,
};

function binary(operator: BinaryExpression["operator"], left: Value, right: Value): Value {
  const numbers = left.kind === "literal" && right.kind === "literal" ? ([left.value, right.value] as const) : [];
  const [a, b] = numbers;
  const compute = ARITHMETIC[operator];
  if (typeof a === "number" && typeof b === "number") return compute === undefined ? UNKNOWN : literal(compute(a, b));
  const isText = [left, right].some(
    (side) => side.kind === "template" || (side.kind === "literal" && typeof side.value === "string"),
  );
  return operator === "+" && isText ? template(["", "", ""], [left, right]) : UNKNOWN;
}
