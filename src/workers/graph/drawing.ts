/** What drawing passes around: where it is in the code, and what the parts of it ask of one another. */
import type { AnyNode } from "acorn";
import type { GraphNode } from "./nodes.ts";
import type { Module } from "./known/syntax.ts";
import type { Timing } from "./timing.ts";
import type { FunctionValue, Scope, Value } from "./known/value.ts";

/** A function whose body is being drawn. */
export interface Frame {
  readonly timing: Timing;
  readonly returned: Value[];
  /** False in a callback that is drawn where it is handed over: to return from it ends nothing else. */
  readonly ends: boolean;
}

/** Where nodes go, and what names mean there. */
export interface Place {
  readonly scope: Scope;
  readonly out: GraphNode[];
  readonly frame: Frame;
  /** What a `break` without a label leaves. */
  readonly inside?: "loop" | "switch";
}

/** One graph being drawn. */
export interface Drawing {
  readonly module: Module;
  /** Draws the steps that an expression runs and answers what is known of its value. `awaited`: the code waits for it there. */
  expression(node: AnyNode, place: Place, awaited?: boolean): Value;
  statements(list: readonly AnyNode[], place: Place): void;
  /** A call of a function that gets a definition of its own, if it runs steps. */
  call(target: FunctionValue, args: readonly Value[], place: Place, awaited: boolean): Value;
  /** The body of a function, as a part of where it is handed over. Answers promises of what it runs. */
  inline(target: FunctionValue, args: readonly Value[], place: Place): Value;
  /** The body of a callback that runs by itself. */
  apart(target: FunctionValue): GraphNode[];
}

/** As `place`, with names of its own. `out`: where nodes go instead. */
export function block(place: Place, scope: Scope, out: GraphNode[] = place.out): Place {
  return { ...place, scope, out };
}
