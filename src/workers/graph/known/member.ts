/** Members of what is known: methods of a step, of an object, of a class and of those that it extends. */
import type { AnyNode } from "acorn";
import type { Drawing, Place } from "../drawing.ts";
import { keyName } from "./syntax.ts";
import { Scope, UNKNOWN, Unanalyzable, type ClassValue, type Member, type ObjectValue, type Value, type Verb } from "./value.ts";
import { Timing } from "../timing.ts";

const VERBS: ReadonlySet<string> = new Set<Verb>(["do", "sleep", "sleepUntil", "waitForEvent"]);

const isVerb = (name: string): name is Verb => VERBS.has(name);

/** A place whose nodes are discarded: for expressions that run no steps, such as the superclass of a class. */
export function nowhere(scope: Scope): Place {
  return { scope, out: [], frame: { timing: new Timing(), returned: [], ends: false } };
}

/** `name` is undefined when the code computes it. */
export function memberOf(drawing: Drawing, object: Value, name: string | undefined): Value {
  if (object.kind === "step") {
    if (name === undefined) throw new Unanalyzable("The method of a step is computed by an expression");
    return isVerb(name) ? { kind: "verb", verb: name } : UNKNOWN;
  }
  if (object.kind !== "object" || name === undefined) return UNKNOWN;
  const own = object.members.get(name)?.value;
  return own ?? (object.of === undefined ? UNKNOWN : methodOf(drawing, object.of, name, object));
}

/** Classes above one another that are followed; a class that extends itself is no endless ladder. */
const ANCESTORS = 20;

/** A method of a class or of those that it extends, bound to `self`. `above`: only of those that it extends. */
export function methodOf(
  drawing: Drawing,
  home: ClassValue,
  name: string,
  self: ObjectValue,
  from: "here" | "above" = "here",
): Value {
  let of = from === "here" ? home : superclassOf(drawing, home);
  for (let depth = 0; of !== undefined && depth < ANCESTORS; depth += 1) {
    const { syntax, scope }: ClassValue = of;
    for (const element of syntax.body.body) {
      if (element.type === "StaticBlock" || element.static || keyName(element, element.key) !== name || !element.value) continue;
      const value = drawing.expression(element.value, nowhere(methodScope(scope, self, of)));
      return value.kind === "function" ? { ...value, name, self, home: of } : value;
    }
    of = superclassOf(drawing, of);
  }
  return UNKNOWN;
}

/** The class that a class extends, when that is in the bundle, too. */
export function superclassOf(drawing: Drawing, { syntax, scope }: ClassValue): ClassValue | undefined {
  if (!syntax.superClass) return undefined;
  const value = drawing.expression(syntax.superClass, nowhere(scope));
  return value.kind === "class" ? value : undefined;
}

/** Names inside a method. */
export function methodScope(scope: Scope, self: ObjectValue | undefined, home: ClassValue | undefined): Scope {
  const inner = new Scope(scope);
  if (self !== undefined) inner.declare("this", self);
  if (home !== undefined) inner.declare("super", home);
  return inner;
}

/** An instance of a class: its constructor is followed for what it keeps. */
export function construct(drawing: Drawing, of: ClassValue, args: readonly Value[], place: Place): ObjectValue {
  const self: ObjectValue = { kind: "object", members: new Map(), of };
  initialise(drawing, of, self, args, place);
  return self;
}

/** Runs the constructor of a class on `self`, as `new` and `super(…)` do. */
export function initialise(drawing: Drawing, of: ClassValue, self: ObjectValue, args: readonly Value[], place: Place): void {
  const own = of.syntax.body.body.find((each) => each.type === "MethodDefinition" && each.kind === "constructor");
  if (own?.type === "MethodDefinition") {
    const value = drawing.expression(own.value, nowhere(of.scope));
    if (value.kind === "function") drawing.inline({ ...value, self, home: of }, args, place);
    return;
  }
  const above = superclassOf(drawing, of);
  if (above !== undefined) initialise(drawing, above, self, args, place);
}

/** Gives a member of a known object its value; undefined `name` is a computed one. */
export function setMember(object: ObjectValue, name: string | undefined, value: Value, source: AnyNode): void {
  const member: Member = { value, source };
  object.members.set(name ?? `[${object.members.size}]`, member);
}
