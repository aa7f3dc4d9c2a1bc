/** Syntax trees in general: parts of a node, names that a module binds and exports, pieces of source as text. */
import { parse, type AnyNode, type Pattern, type Program } from "acorn";
import { LIMITS } from "../../../model/limits.ts";

/** A parsed module. */
export interface Module {
  readonly code: string;
  readonly program: Program;
  /** What is assigned to each name, wherever that happens. */
  readonly assigned: ReadonlyMap<string, readonly AnyNode[]>;
}

/** @throws SyntaxError when this is no module. */
export function parseModule(code: string): Module {
  const program = parse(code, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true });
  return { code, program, assigned: assignments(program) };
}

/** The nodes that a node is made of, in the order of the source. */
export function parts(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  for (const value of Object.values(node) as unknown[]) {
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value]) if (isNode(each)) found.push(each);
  }
  return found;
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

/** With a stack of its own: what a whole bundle is nested like must not matter. */
function assignments(program: Program): Map<string, AnyNode[]> {
  const found = new Map<string, AnyNode[]>();
  const add = (target: AnyNode, source: AnyNode): void => {
    for (const name of boundNames(target)) found.set(name, [...(found.get(name) ?? []), source]);
  };
  const rest: AnyNode[] = [program];
  for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
    if (node.type === "AssignmentExpression") add(node.left, node.operator === "=" ? node.right : node);
    else if (node.type === "UpdateExpression") add(node.argument, node);
    else if ((node.type === "ForInStatement" || node.type === "ForOfStatement") && node.left.type !== "VariableDeclaration")
      add(node.left, node);
    rest.push(...parts(node));
  }
  return found;
}

/** The names that a pattern gives values to. */
export function boundNames(pattern: AnyNode): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "AssignmentPattern":
      return boundNames(pattern.left);
    case "RestElement":
      return boundNames(pattern.argument);
    case "ArrayPattern":
      return pattern.elements.flatMap((element: Pattern | null) => (element === null ? [] : boundNames(element)));
    case "ObjectPattern":
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === "Property" ? property.value : property.argument),
      );
    default:
      return [];
  }
}

/** The name of a member that is named in the source: `a.b`, `a["b"]`, `a.#b`, `{ b: … }`. */
export function keyName(node: { readonly computed?: boolean }, key: AnyNode): string | undefined {
  if (key.type === "PrivateIdentifier") return `#${key.name}`;
  if (key.type === "Identifier" && node.computed !== true) return key.name;
  return key.type === "Literal" && (typeof key.value === "string" || typeof key.value === "number")
    ? String(key.value)
    : undefined;
}

/** True for a function that is written where it is used. */
export function isWritten({ type }: AnyNode): boolean {
  return type === "ArrowFunctionExpression" || type === "FunctionExpression";
}

/** A piece of source on one line, cut where it gets long. */
export function sourceText({ code }: Module, node: AnyNode): string {
  const text = code.slice(node.start, node.end).replaceAll(/\s+/g, " ");
  return text.length <= LIMITS.graphText ? text : `${text.slice(0, LIMITS.graphText - 3)}...`;
}
