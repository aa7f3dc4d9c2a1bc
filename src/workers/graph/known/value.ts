/**
 * What is known of a value without running the code: whether it is the step object, one of its methods, a function whose
 * body can be followed, a promise of something drawn, a literal. Everything else is unknown, which is always a correct answer.
 */
import type { AnyNode, ArrowFunctionExpression, Class, Function as SyntaxFunction } from "acorn";
import type { StepKind } from "../../../model/step/step.ts";
import type { Started } from "../timing.ts";

/** The four methods of a step. */
export type Verb = StepKind | "sleepUntil";

export type FunctionSyntax = SyntaxFunction | ArrowFunctionExpression;

export type Value =
  | { readonly kind: "unknown" }
  | { readonly kind: "step" }
  | { readonly kind: "verb"; readonly verb: Verb }
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  /** Text of which parts are computed; those show as `${...}`. */
  | { readonly kind: "template"; readonly text: string }
  | FunctionValue
  | ClassValue
  | ObjectValue
  | { readonly kind: "promise"; readonly of: ReadonlySet<Started> };

export interface FunctionValue {
  readonly kind: "function";
  readonly syntax: FunctionSyntax;
  readonly scope: Scope;
  readonly name: string;
  /** What `this` is in it, when it is a method. */
  readonly self?: ObjectValue;
  /** The class that it was found in, for `super`. */
  readonly home?: ClassValue;
}

export interface ClassValue {
  readonly kind: "class";
  readonly syntax: Class;
  readonly scope: Scope;
}

/** An object literal, or an instance of a class. */
export interface ObjectValue {
  readonly kind: "object";
  readonly members: Map<string, Member>;
  readonly of?: ClassValue;
}

/** A member's value, and the source that it came from. */
export interface Member {
  readonly value: Value;
  readonly source: AnyNode;
}

export const UNKNOWN: Value = { kind: "unknown" };

/** Thrown when the code cannot be followed, or is too large to draw: then there is no graph. */
export class Unanalyzable extends Error {
  override readonly name = "Unanalyzable";
}

/** Names, and the values that they have at the place that is being looked at. */
export class Scope {
  readonly #names: Map<string, Value> = new Map();
  readonly #outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  find(name: string): Value | undefined {
    return this.#names.get(name) ?? this.#outer?.find(name);
  }

  declare(name: string, value: Value): void {
    this.#names.set(name, value);
  }

  /** Gives a value to the name where it was declared. */
  assign(name: string, value: Value): void {
    if (this.#names.has(name) || this.#outer === undefined) this.#names.set(name, value);
    else this.#outer.assign(name, value);
  }
}

/** What a value is a promise of, or has promises of. */
export function promisesIn(value: Value, depth = 4): Started[] {
  if (value.kind === "promise") return [...value.of];
  if (value.kind !== "object" || depth === 0) return [];
  return Array.from(value.members.values()).flatMap((member) => promisesIn(member.value, depth - 1));
}

/** A promise of everything that these values promise; unknown when that is nothing. */
export function promiseOf(...values: readonly Value[]): Value {
  const of = new Set(values.flatMap((value) => promisesIn(value)));
  return of.size === 0 ? UNKNOWN : { kind: "promise", of };
}

/** A value as a part of a text: what the code computes shows as `${...}`. */
export function templateText(value: Value): string {
  if (value.kind === "literal") return String(value.value);
  return value.kind === "template" ? value.text : "${...}";
}

/** True when code that gets this value can run steps with it. */
export function holdsStep(value: Value, depth = 4): boolean {
  if (value.kind === "step" || value.kind === "verb") return true;
  if (value.kind !== "object" || depth === 0) return false;
  return Array.from(value.members.values()).some((member) => holdsStep(member.value, depth - 1));
}

/** Tells calls apart that could run different steps: two with the same signature draw the same. */
export function signature(value: Value, depth = 4): string {
  switch (value.kind) {
    case "step":
      return "s";
    case "verb":
      return value.verb;
    case "function":
    case "class":
      return `@${value.syntax.start}`;
    case "object": {
      const of = value.of === undefined ? "" : `@${value.of.syntax.start}`;
      if (depth === 0) return of;
      const members = Array.from(value.members, ([name, member]) => [name, signature(member.value, depth - 1)] as const);
      const signed = members.flatMap(([name, each]) => (each === "" ? [] : [`${name}:${each}`])).join();
      return signed === "" ? of : `${of}{${signed}}`;
    }
    case "unknown":
    case "literal":
    case "template":
    case "promise":
      return "";
  }
}
