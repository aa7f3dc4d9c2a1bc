/**
 * Leaves of a drawing what runs steps, or leads to what does. Ends before the end — `break`, `return` — stay where steps
 * could still have followed.
 */
import type { Block, FunctionDef, GraphNode } from "./nodes.ts";

/** Functions by name. */
export type Functions = ReadonlyMap<string, FunctionDef>;

/** The parts of a node, as lists. */
function listsOf(node: GraphNode): readonly (readonly GraphNode[])[] {
  switch (node.type) {
    case "if":
    case "switch":
      return node.branches.map(({ nodes }) => nodes);
    case "try":
      return [node.try_block, node.catch_block, node.finally_block].map((each) => each?.nodes ?? []);
    case "step_sleep":
    case "step_sleep_until":
    case "step_wait_for_event":
    case "function_call":
    case "break":
      return [];
    default:
      return [node.nodes];
  }
}

/** True when these nodes run a step, or call one of `functions`. */
export function runsSteps(nodes: readonly GraphNode[], calls: (name: string) => boolean = () => true): boolean {
  return nodes.some((node) => {
    if (node.type === "function_call") return calls(node.name);
    return node.type.startsWith("step_") || listsOf(node).some((list) => runsSteps(list, calls));
  });
}

/** The functions that run steps, themselves or through one another. */
function live(functions: Functions): Set<string> {
  const found = new Set<string>();
  for (let size = -1; size < found.size;) {
    size = found.size;
    for (const [name, { nodes }] of functions) if (runsSteps(nodes, (called) => found.has(called))) found.add(name);
  }
  return found;
}

/** Whether steps may still come once a list has ended: in the function, and in the loop. */
interface Ahead {
  readonly inFunction: boolean;
  readonly inLoop: boolean;
}

const NOTHING: Ahead = { inFunction: false, inLoop: false };

/** Prunes the body of a workflow and its functions. */
export function prune(
  nodes: readonly GraphNode[],
  functions: Functions,
): { nodes: GraphNode[]; functions: Record<string, FunctionDef> } {
  const alive = live(functions);
  const isLive = (each: readonly GraphNode[]): boolean => runsSteps(each, (name) => alive.has(name));
  const list = (all: readonly GraphNode[], ahead: Ahead): GraphNode[] => {
    const kept: GraphNode[] = [];
    let now = ahead;
    for (const node of all.toReversed()) {
      const left = one(node, now);
      if (left !== undefined) kept.unshift(left);
      if (isLive([node])) now = { inFunction: true, inLoop: true };
    }
    return kept;
  };
  const part = (each: Block | null, ahead: Ahead): Block | null => each && { ...each, nodes: list(each.nodes, ahead) };
  const filled = <T extends GraphNode>(node: T): T | undefined =>
    listsOf(node).some(({ length }) => length > 0) ? node : undefined;
  const one = (node: GraphNode, ahead: Ahead): GraphNode | undefined => {
    switch (node.type) {
      case "break":
        return (node.kind === "return" ? ahead.inFunction : ahead.inLoop) ? node : undefined;
      case "function_call":
        return alive.has(node.name) ? node : undefined;
      case "step_do":
        return { ...node, nodes: list(node.nodes, NOTHING) };
      case "loop": {
        const again = isLive(node.nodes);
        return filled({ ...node, nodes: list(node.nodes, { inFunction: ahead.inFunction || again, inLoop: again }) });
      }
      case "if":
      case "switch":
        return filled({ ...node, branches: node.branches.map((each) => ({ ...each, nodes: list(each.nodes, ahead) })) });
      case "try": {
        const { try_block: tried, catch_block: caught, finally_block: last } = node;
        const [inTry, inCatch] = [[...(caught?.nodes ?? []), ...(last?.nodes ?? [])], last?.nodes ?? []].map((then) =>
          isLive(then) ? { inFunction: true, inLoop: true } : ahead,
        );
        return filled({
          ...node,
          try_block: part(tried, inTry ?? ahead),
          catch_block: part(caught, inCatch ?? ahead),
          finally_block: part(last, ahead),
        });
      }
      case "block":
      case "parallel":
        return filled({ ...node, nodes: list(node.nodes, ahead) });
      default:
        return node;
    }
  };
  const kept = Array.from(functions, ([name, each]) => [name, { ...each, nodes: list(each.nodes, NOTHING) }] as const);
  return { nodes: list(nodes, NOTHING), functions: Object.fromEntries(kept.filter(([name]) => alive.has(name))) };
}
