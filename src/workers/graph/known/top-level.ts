/**
 * A module's own names. A bundle has thousands of them, of which a workflow uses few, so each is looked at when it is first
 * asked for. What a bundler makes of declarations is seen through: `var X = class …`, and a variable that is declared
 * first and given its only value later.
 */
import type { AnyNode } from "acorn";
import { keyName, boundNames, type Module } from "./syntax.ts";
import { Scope, UNKNOWN, type Value } from "./value.ts";

/** What a declaration at the top level gives a name to: a class, a function, or what a variable begins with. */
type Declared = Extract<AnyNode, { type: "VariableDeclarator" | "FunctionDeclaration" | "ClassDeclaration" }>;

/** The outermost scope. `evaluate` gets the scope itself and a declaration's value, as syntax. */
export class TopLevel extends Scope {
  readonly #declared: ReadonlyMap<string, Declared>;
  readonly #module: Module;
  readonly #kept: ReadonlyMap<string, string>;
  readonly #evaluate: (source: AnyNode, name: string, scope: Scope) => Value;

  constructor(module: Module, evaluate: (source: AnyNode, name: string, scope: Scope) => Value) {
    super();
    this.#module = module;
    this.#declared = declarations(module);
    this.#kept = keptNames(module);
    this.#evaluate = evaluate;
  }

  override find(name: string): Value | undefined {
    const known = super.find(name);
    if (known !== undefined) return known;
    const declared = this.#declared.get(name);
    if (declared === undefined) return undefined;
    // What a name is may be said in terms of itself.
    this.declare(name, UNKNOWN);
    const source = this.#source(name, declared);
    const value = source === undefined ? UNKNOWN : this.#evaluate(source, name, this);
    const kept = this.#kept.get(name);
    const named = value.kind === "function" && kept !== undefined ? { ...value, name: kept } : value;
    this.declare(name, named);
    return named;
  }

  #source(name: string, declared: Declared): AnyNode | undefined {
    if (declared.type !== "VariableDeclarator") return declared;
    if (declared.id.type !== "Identifier") return undefined;
    const assigned = this.#module.assigned.get(name) ?? [];
    if (declared.init) return declared.init;
    return assigned.length === 1 ? assigned[0] : undefined;
  }
}

/** What functions are called in the source, where a bundler keeps that: `s(d, "notify");` after `function d() {}`. */
function keptNames({ program }: Module): Map<string, string> {
  const found = new Map<string, string>();
  for (const statement of program.body) {
    if (statement.type !== "ExpressionStatement" || statement.expression.type !== "CallExpression") continue;
    const [target, name, ...more] = statement.expression.arguments;
    if (target?.type === "Identifier" && name?.type === "Literal" && typeof name.value === "string" && more.length === 0)
      found.set(target.name, name.value);
  }
  return found;
}

function declarations({ program }: Module): Map<string, Declared> {
  const found = new Map<string, Declared>();
  for (const statement of program.body) {
    const exported = statement.type === "ExportNamedDeclaration" || statement.type === "ExportDefaultDeclaration";
    const declaration = exported ? statement.declaration : statement;
    if (declaration?.type === "VariableDeclaration")
      for (const each of declaration.declarations) for (const name of boundNames(each.id)) found.set(name, each);
    else if (declaration?.type === "FunctionDeclaration" || declaration?.type === "ClassDeclaration")
      if (declaration.id) found.set(declaration.id.name, declaration);
  }
  return found;
}

/** What the module exports under this name, as syntax: a declaration, an expression, or the identifier that it has inside. */
export function exported({ program }: Module, name: string): AnyNode | undefined {
  for (const statement of program.body) {
    if (statement.type === "ExportDefaultDeclaration" && name === "default") return statement.declaration;
    if (statement.type !== "ExportNamedDeclaration" || statement.source) continue;
    for (const { exported: outside, local } of statement.specifiers) if (keyName({}, outside) === name) return local;
    const { declaration } = statement;
    if (declaration?.type === "VariableDeclaration") {
      const found = declaration.declarations.find(({ id }) => id.type === "Identifier" && id.name === name);
      if (found) return found.id;
    } else if (declaration?.id?.name === name) return declaration.id;
  }
  return undefined;
}
