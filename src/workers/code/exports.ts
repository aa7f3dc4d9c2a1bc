/** What a script's main module exports, read from its code without running it. */
import { parse, type Identifier, type Literal, type ModuleDeclaration, type Statement } from "acorn";
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";
import { boundNames } from "../graph/known/syntax.ts";

/** The names, or undefined where they cannot be determined: then no export is refused as missing. */
export function exportedNames({ code, modules = [] }: Pick<ScriptVersion, "code" | "modules">): string[] | undefined {
  const sources = new Map(modules.filter(({ type }) => type === "esm").map(({ name, content }) => [plain(name), content]));
  try {
    return [...new Set(namesIn(code, sources, new Set()))];
  } catch {
    return undefined;
  }
}

/** @throws when a module is none, or leads to one that is not there. */
function namesIn(code: string, sources: ReadonlyMap<string, string>, seen: Set<string>): string[] {
  const { body } = parse(code, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true });
  return body.flatMap((statement) => namesOf(statement, sources, seen));
}

function namesOf(statement: Statement | ModuleDeclaration, sources: ReadonlyMap<string, string>, seen: Set<string>): string[] {
  if (statement.type === "ExportDefaultDeclaration") return ["default"];
  if (statement.type === "ExportAllDeclaration") {
    if (statement.exported) return [nameOf(statement.exported)];
    const from = plain(String(statement.source.value));
    if (seen.has(from)) return [];
    const source = sources.get(from);
    if (source === undefined) throw new Error(`The exports of ${from} are unknown`);
    return namesIn(source, sources, seen.add(from)).filter((name) => name !== "default");
  }
  if (statement.type !== "ExportNamedDeclaration") return [];
  const { declaration, specifiers } = statement;
  if (!declaration) return specifiers.map(({ exported }) => nameOf(exported));
  if (declaration.type === "VariableDeclaration") return declaration.declarations.flatMap(({ id }) => boundNames(id));
  return [declaration.id.name];
}

function nameOf(name: Identifier | Literal): string {
  return name.type === "Identifier" ? name.name : String(name.value);
}

/** Modules of an upload lie beside each other: where they import each other from other folders, names are not known. */
function plain(name: string): string {
  return name.replace(/^\.\//, "");
}
