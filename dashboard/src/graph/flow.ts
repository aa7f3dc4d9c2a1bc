/** A workflow's graph in the format of Cloudflare's API, reduced to what is drawn. Pure. */
import type { Painter } from "./paint.ts";

/** As much of a node as is drawn. */
export interface Node {
  readonly type: string;
  readonly name?: string;
  readonly kind?: string;
  readonly nodes?: readonly Node[];
  readonly branches?: readonly { readonly condition: string | null; readonly nodes: readonly Node[] }[];
  readonly discriminant?: string;
  readonly try_block?: Node | null;
  readonly catch_block?: Node | null;
  readonly finally_block?: Node | null;
}

export interface Flow {
  readonly nodes: readonly Node[];
  readonly functions: Readonly<Record<string, { readonly nodes: readonly Node[] }>>;
}

/** Calls inside calls that are looked into: code may call itself. */
const DEEPEST = 6;

/** What is inside of a node, by whatever it is held. */
function inside({ nodes = [], branches = [], try_block: tried, catch_block: caught, finally_block: last }: Node): Node[] {
  const blocks = [tried, caught, last].flatMap((block) => block?.nodes ?? []);
  return [...nodes, ...branches.flatMap((branch) => branch.nodes), ...blocks];
}

/** True when a step of these has started. */
export function wasSeen(nodes: readonly Node[], functions: Flow["functions"], paint: Painter, depth: number = 0): boolean {
  return nodes.some((node) => {
    if (paint(node.type, node.name ?? "").times > 0) return true;
    const called = node.type === "function_call" && depth < DEEPEST ? (functions[node.name ?? ""]?.nodes ?? []) : [];
    return wasSeen(inside(node), functions, paint, depth) || wasSeen(called, functions, paint, depth + 1);
  });
}

/** How often these have been gone through: as often as the step among them that ran most. */
export function timesOf(nodes: readonly Node[], functions: Flow["functions"], paint: Painter, depth: number = 0): number {
  return nodes.reduce((most, node) => {
    const own = paint(node.type, node.name ?? "").times;
    // A loop in a loop has gone round more often.
    const inner = node.type === "loop" ? 0 : timesOf(inside(node), functions, paint, depth);
    const called = node.type === "function_call" && depth < DEEPEST ? (functions[node.name ?? ""]?.nodes ?? []) : [];
    return Math.max(most, own, inner, timesOf(called, functions, paint, depth + 1));
  }, 0);
}
