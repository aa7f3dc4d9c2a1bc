/** Gives names their values: declarations, parameters, assignments, and the patterns that take objects apart. */
import type { AnyNode } from "acorn";
import type { Drawing, Place } from "../drawing.ts";
import { memberOf, setMember } from "./member.ts";
import { keyName } from "./syntax.ts";
import { holdsStep, UNKNOWN, Unanalyzable, type Value } from "./value.ts";

/** `declare` makes the names of the pattern; `assign` gives new values to those that are there. */
export function bind(drawing: Drawing, target: AnyNode, value: Value, place: Place, how: "declare" | "assign"): void {
  const go = (inner: AnyNode, of: Value): void => bind(drawing, inner, of, place, how);
  switch (target.type) {
    case "Identifier":
      place.scope[how](target.name, keptAs(drawing, target.name, value));
      return;
    case "AssignmentPattern":
      go(target.left, value);
      return;
    case "RestElement":
      go(target.argument, value);
      return;
    case "ArrayPattern":
      target.elements.forEach((element, i) => {
        if (element !== null) go(element, value.kind === "promise" ? value : memberOf(drawing, value, String(i)));
      });
      return;
    case "ObjectPattern":
      for (const each of target.properties) {
        if (each.type === "RestElement") go(each.argument, value);
        else go(each.value, memberOf(drawing, value, keyName(each, each.key)));
      }
      return;
    case "MemberExpression": {
      const object = drawing.expression(target.object, place);
      const name = keyName(target, target.property);
      if (object.kind === "object") setMember(object, name, value, target);
      else if (holdsStep(value)) throw new Unanalyzable("The step is stored in a place that cannot be analyzed");
      return;
    }
    default:
  }
}

/** A variable that changes has no literal value; functions get the name of their variable. */
function keptAs({ module }: Drawing, name: string, value: Value): Value {
  if (value.kind === "function" && value.name === "") return { ...value, name };
  const isText = value.kind === "literal" || value.kind === "template";
  return isText && module.assigned.has(name) ? UNKNOWN : value;
}
