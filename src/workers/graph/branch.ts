/** Ways that the code may take: `if` and what is short for it, `switch`, `try`. */
import type { AnyNode, ConditionalExpression, IfStatement, LogicalExpression, SwitchStatement, TryStatement } from "acorn";
import { bind } from "./known/bind.ts";
import { block, type Drawing, type Place } from "./drawing.ts";
import type { Block, Branch, GraphNode } from "./nodes.ts";
import { sourceText } from "./known/syntax.ts";
import { promiseOf, Scope, UNKNOWN, type Value } from "./known/value.ts";

type Conditional = IfStatement | ConditionalExpression;

/** An `if` with all of its `else if`, or `a ? b : c`. */
export function branches(drawing: Drawing, node: Conditional, place: Place, awaited = false): Value {
  const found: Branch[] = [];
  const values: Value[] = [];
  drawing.expression(node.test, place);
  place.frame.timing.alongside(ladder(drawing, node, place, awaited, found, values));
  place.out.push({ type: "if", branches: found });
  return choice(values);
}

/** Draws, when called, one way after the other. What is asked on the way to an `else if` may run steps, too. */
function ladder(
  drawing: Drawing,
  { test, consequent, alternate, type }: Conditional,
  place: Place,
  awaited: boolean,
  found: Branch[],
  values: Value[],
): (() => void)[] {
  const way = (condition: string | null, part: AnyNode): void => {
    const nodes: GraphNode[] = [];
    found.push({ condition, nodes });
    if (type === "IfStatement") drawing.statements([part], block(place, new Scope(place.scope), nodes));
    else values.push(drawing.expression(part, block(place, place.scope, nodes), awaited));
  };
  const first = (): void => way(sourceText(drawing.module, test), consequent);
  if (!alternate) return [first];
  if (alternate.type !== type) return [first, () => way(null, alternate)];
  const next = alternate;
  return [
    first,
    () => {
      const asked: GraphNode[] = [];
      drawing.expression(next.test, block(place, place.scope, asked));
      const inner: Branch[] = asked.length === 0 ? found : [];
      place.frame.timing.alongside(ladder(drawing, next, place, awaited, inner, values));
      if (inner !== found) found.push({ condition: null, nodes: [...asked, { type: "if", branches: inner }] });
    },
  ];
}

/** `a && b`, `a || b`, `a ?? b`: what runs b is a condition. */
export function either(drawing: Drawing, { operator, left, right }: LogicalExpression, place: Place, awaited: boolean): Value {
  const first = drawing.expression(left, place, awaited);
  const nodes: GraphNode[] = [];
  const second = drawing.expression(right, block(place, place.scope, nodes), awaited);
  const text = sourceText(drawing.module, left);
  const condition = { "&&": text, "||": `!(${text})`, "??": `${text} == null` }[operator];
  if (nodes.length > 0) place.out.push({ type: "if", branches: [{ condition, nodes }] });
  return choice([first, second]);
}

/** A value that is one of several: what it may promise, or the one that steps could be run with. */
function choice(values: readonly Value[]): Value {
  const promise = promiseOf(...values);
  if (promise !== UNKNOWN) return promise;
  return values.find(({ kind }) => kind !== "unknown" && kind !== "literal" && kind !== "template") ?? UNKNOWN;
}

/** Cases that share their statements are one branch. */
export function switchNode(drawing: Drawing, { discriminant, cases }: SwitchStatement, place: Place): void {
  drawing.expression(discriminant, place);
  const scope = new Scope(place.scope);
  const found: Branch[] = [];
  let labels: string[] | null = [];
  const ways = cases.map(({ test, consequent }, i) => () => {
    labels = test && labels ? [...labels, sourceText(drawing.module, test)] : null;
    if (consequent.length === 0 && i < cases.length - 1) return;
    const nodes: GraphNode[] = [];
    found.push({ condition: labels === null ? null : labels.join(", "), nodes });
    labels = [];
    drawing.statements(consequent, { ...block(place, scope, nodes), inside: "switch" });
  });
  place.frame.timing.alongside(ways);
  place.out.push({ type: "switch", discriminant: sourceText(drawing.module, discriminant), branches: found });
}

/** `try` with its `catch` and `finally`, where it has them. */
export function tryNode(drawing: Drawing, node: TryStatement, place: Place): void {
  const part = (body: readonly AnyNode[], scope = new Scope(place.scope)): Block => {
    const nodes: GraphNode[] = [];
    drawing.statements(body, block(place, scope, nodes));
    return { type: "block", nodes };
  };
  const { handler, finalizer } = node;
  const tried = part(node.block.body);
  let caught: Block | null = null;
  if (handler) {
    const scope = new Scope(place.scope);
    if (handler.param) bind(drawing, handler.param, UNKNOWN, block(place, scope), "declare");
    caught = part(handler.body.body, scope);
  }
  const finished = finalizer ? part(finalizer.body) : null;
  place.out.push({ type: "try", try_block: tried, catch_block: caught, finally_block: finished });
}
