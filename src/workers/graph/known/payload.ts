/** What the code reads of a payload: its types are gone from a bundle, and the fields that it asks for are what is left of them. */
import type { AnyNode } from "acorn";
import type { Payload } from "../nodes.ts";
import { boundNames, keyName, parts } from "./syntax.ts";

/** Depth of nested fields that are recorded. */
const DEPTH = 5;

/** Fields that belong to lists and texts as such. */
const NO_FIELDS: ReadonlySet<string> = new Set(["length", "size"]);

/** The members that lead from the event to what a name stands for; `["payload", "items"]`. */
type Path = readonly string[];
type Names = ReadonlyMap<string, Path>;

interface Fields {
  [name: string]: Fields;
}

/** The shape of `payload` of the event that `pattern` — a name or what takes an event apart — stands for in this code. */
export function payloadShape(code: readonly AnyNode[], pattern: AnyNode): Payload {
  const found: Fields = Object.create(null) as Fields;
  const names = new Map<string, Path>();
  take(pattern, [], names, found);
  for (const node of code) read(node, names, found);
  return toPayload(found);
}

function toPayload(fields: Fields): Payload {
  const entries = Object.entries(fields);
  if (entries.length === 0) return { type: "unknown" };
  return { type: "object", fields: Object.fromEntries(entries.map(([name, inner]) => [name, toPayload(inner)])) };
}

function note([first, ...fields]: Path, found: Fields): void {
  if (first !== "payload") return;
  let at = found;
  for (const name of fields.slice(0, DEPTH)) {
    if (NO_FIELDS.has(name)) return;
    at = at[name] ??= Object.create(null) as Fields;
  }
}

/** Names that a pattern makes for parts of what `path` leads to. */
function take(pattern: AnyNode, path: Path, names: Map<string, Path>, found: Fields): void {
  note(path, found);
  if (pattern.type === "Identifier") names.set(pattern.name, path);
  else if (pattern.type === "AssignmentPattern") take(pattern.left, path, names, found);
  else if (pattern.type === "ObjectPattern")
    for (const each of pattern.properties) {
      const name = each.type === "Property" ? keyName(each, each.key) : undefined;
      if (each.type === "Property" && name !== undefined) take(each.value, [...path, name], names, found);
    }
}

/** Where an expression leads; undefined when it does not begin at one of the names. */
function pathOf(node: AnyNode, names: Names): Path | undefined {
  if (node.type === "Identifier") return names.get(node.name);
  if (node.type === "ChainExpression") return pathOf(node.expression, names);
  if (node.type !== "MemberExpression") return undefined;
  const path = pathOf(node.object, names);
  const name = keyName(node, node.property);
  return path && name !== undefined && node.property.type === "Identifier" ? [...path, name] : undefined;
}

function read(node: AnyNode, names: Map<string, Path>, found: Fields): void {
  if (node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression" || node.type === "FunctionDeclaration") {
    // A parameter of the same name is something else.
    const own = new Set(node.params.flatMap((each) => boundNames(each)));
    const left = new Map(Array.from(names).filter(([name]) => !own.has(name)));
    for (const part of parts(node)) read(part, left, found);
    return;
  }
  if (node.type === "VariableDeclarator" && node.init) {
    const path = pathOf(node.init, names);
    if (path !== undefined) take(node.id, path, names, found);
  }
  if (node.type === "CallExpression" && node.callee.type === "MemberExpression") {
    // What is called is a method, not a field.
    for (const part of [node.callee.object, ...node.arguments]) read(part, names, found);
    return;
  }
  const path = pathOf(node, names);
  if (path !== undefined) note(path, found);
  else for (const part of parts(node)) read(part, names, found);
}
