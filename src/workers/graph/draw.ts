/**
 * Draws the graph of a workflow from its code, without running it: finds the class behind the exported name, follows `run(event,
 * step)` and wherever the step goes from there, and keeps what runs steps. What cannot be determined is null. Each file of this
 * folder knows one part of the language; this one puts them together and counts what they cost.
 */
import type { AnyNode } from "acorn";
import { LIMITS } from "../../model/limits.ts";
import { bind } from "./known/bind.ts";
import type { Drawing, Frame, Place } from "./drawing.ts";
import { expression } from "./expression.ts";
import { memberOf, methodScope, nowhere } from "./known/member.ts";
import type { FunctionDef, Graph, GraphNode } from "./nodes.ts";
import { payloadShape } from "./known/payload.ts";
import { prune, runsSteps } from "./prune.ts";
import { leave, statements } from "./statement.ts";
import { parseModule, type Module } from "./known/syntax.ts";
import { Timing } from "./timing.ts";
import { exported, TopLevel } from "./known/top-level.ts";
import {
  promiseOf,
  promisesIn,
  signature,
  UNKNOWN,
  Unanalyzable,
  type FunctionValue,
  type ObjectValue,
  type Value,
} from "./known/value.ts";

/** Cloudflare's number for this format. */
const FORMAT = 1;

/**
 * The graph of the class that a bundle exports under a name. Null when there is no such class with a `run`, when the step
 * gets to where it cannot be followed, when the code is no module or when it is too much (`LIMITS.graph…`). Never throws:
 * a drawing is not worth failing a deployment for.
 */
export function drawGraph(code: string, className: string): Graph | null {
  if (code.length === 0 || code.length > LIMITS.graphCode) return null;
  try {
    return new Draughtsman(parseModule(code)).draw(className);
  } catch {
    return null;
  }
}

/** As `drawGraph`, as text to be kept; undefined when there is none, or when it would be too long. */
export function graphJson(code: string, className: string): string | undefined {
  const graph = drawGraph(code, className);
  const text = graph === null ? undefined : JSON.stringify(graph);
  return text === undefined || text.length > LIMITS.graphJson ? undefined : text;
}

/** A function that is called: its definition, whether that is still being drawn, and what calling it answers. */
interface Known {
  readonly def: FunctionDef;
  isDrawn: boolean;
  answer: Value;
}

class Draughtsman implements Drawing {
  readonly module: Module;
  readonly #topLevel: TopLevel;
  /** By what tells their calls apart. */
  readonly #known: Map<string, Known> = new Map();
  readonly #functions: Map<string, FunctionDef> = new Map();
  #visits = 0;
  #depth = 0;

  constructor(module: Module) {
    this.module = module;
    this.#topLevel = new TopLevel(module, (source, name, scope) => {
      const value = this.expression(source, nowhere(scope));
      const isText = value.kind === "literal" || value.kind === "template";
      if (isText && (module.assigned.get(name)?.length ?? 0) > (source.type === "VariableDeclarator" ? 0 : 1)) return UNKNOWN;
      return value.kind === "function" && value.name === "" ? { ...value, name } : value;
    });
  }

  draw(className: string): Graph {
    const source = exported(this.module, className);
    const of = source && this.expression(source, nowhere(this.#topLevel));
    if (of?.kind !== "class") throw new Unanalyzable("The class does not exist");
    const self: ObjectValue = { kind: "object", members: new Map(), of };
    const run = memberOf(this, self, "run");
    if (run.kind !== "function") throw new Unanalyzable("The class has no run method");
    const nodes = this.#body(run, [UNKNOWN, { kind: "step" }]).nodes;
    const [event] = run.syntax.params;
    const workflow = { class_name: className, ...prune(nodes, this.#functions) };
    const payload = event && payloadShape([run.syntax.body], event);
    return { version: FORMAT, workflow: payload ? { ...workflow, payload } : workflow };
  }

  expression(node: AnyNode, place: Place, awaited = false): Value {
    return this.#visit(() => expression(this, node, place, awaited));
  }

  statements(list: readonly AnyNode[], place: Place): void {
    this.#visit(() => statements(this, list, place));
  }

  call(target: FunctionValue, args: readonly Value[], place: Place, awaited: boolean): Value {
    const known = this.#definition(target, args);
    if (known.isDrawn && !runsSteps(known.def.nodes)) return awaited ? known.answer : promiseOrAnswer(known.answer, args);
    const node: GraphNode = { type: "function_call", name: known.def.name };
    place.out.push(node);
    place.frame.timing.start(node, awaited);
    if (awaited) place.frame.timing.settle(args.flatMap((each) => promisesIn(each)));
    return awaited || known.answer.kind === "object" ? known.answer : { kind: "promise", of: new Set([node]) };
  }

  inline(target: FunctionValue, args: readonly Value[], place: Place): Value {
    const frame: Frame = { timing: place.frame.timing, returned: [], ends: false };
    this.#walk(target, args, { ...place, frame });
    return promiseOf(...frame.returned);
  }

  apart(target: FunctionValue): GraphNode[] {
    return this.#body(target, []).nodes;
  }

  #definition(target: FunctionValue, args: readonly Value[]): Known {
    const { syntax, self } = target;
    const key = [syntax.start, self && signature(self), ...args.map((each) => signature(each))].join(" ");
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const nodes: GraphNode[] = [];
    const def: FunctionDef = { type: "function_def", name: this.#freeName(target.name || "anonymous"), nodes };
    const made: Known = { def, isDrawn: false, answer: UNKNOWN };
    this.#known.set(key, made);
    this.#functions.set(def.name, def);
    // Another call may have other texts.
    const shared = args.map((each) => (each.kind === "literal" || each.kind === "template" ? UNKNOWN : each));
    const drawn = this.#body(target, shared);
    nodes.push(...drawn.nodes);
    made.answer = drawn.answer;
    made.isDrawn = true;
    return made;
  }

  #freeName(name: string): string {
    if (!this.#functions.has(name)) return name;
    for (let n = 2; ; n += 1) if (!this.#functions.has(`${name}_${n}`)) return `${name}_${n}`;
  }

  #body(target: FunctionValue, args: readonly Value[]): { nodes: GraphNode[]; answer: Value } {
    const nodes: GraphNode[] = [];
    const frame: Frame = { timing: new Timing(), returned: [], ends: true };
    this.#walk(target, args, { scope: target.scope, out: nodes, frame });
    const [answer = UNKNOWN, ...others] = frame.returned;
    return { nodes, answer: others.length > 0 || answer.kind === "promise" ? UNKNOWN : answer };
  }

  #walk(target: FunctionValue, args: readonly Value[], { out, frame }: Place): void {
    const { syntax, self, home } = target;
    const isArrow = syntax.type === "ArrowFunctionExpression";
    const scope = methodScope(target.scope, isArrow ? undefined : self, isArrow ? undefined : home);
    const place: Place = { scope, out, frame };
    if (syntax.type === "FunctionExpression" && syntax.id) scope.declare(syntax.id.name, target);
    syntax.params.forEach((param, i) => bind(this, param, args[i] ?? UNKNOWN, place, "declare"));
    if (syntax.body.type === "BlockStatement") this.statements(syntax.body.body, place);
    else leave(this, syntax.body, place);
  }

  /** Everything that is drawn passes here, and is counted. */
  #visit<T>(look: () => T): T {
    this.#visits += 1;
    this.#depth += 1;
    if (this.#visits > LIMITS.graphVisits || this.#depth > LIMITS.graphDepth)
      throw new Unanalyzable("The workflow is too large to draw");
    const answer = look();
    this.#depth -= 1;
    return answer;
  }
}

/** What a call that runs no steps answers; what it was given may be what it promises. */
function promiseOrAnswer(answer: Value, args: readonly Value[]): Value {
  return answer.kind === "unknown" ? promiseOf(...args) : answer;
}
