/** Module rules: which files are modules of which type. wrangler's own rules, and the regular expressions that its globs are. */
import { ProjectError } from "../config/project-error.ts";
import type { ModuleRule } from "./options.ts";

/** What counts after a project's rules, as in wrangler. */
const DEFAULT_RULES: readonly ModuleRule[] = [
  { type: "Text", globs: ["**/*.txt", "**/*.html", "**/*.sql"] },
  { type: "Data", globs: ["**/*.bin"] },
  { type: "CompiledWasm", globs: ["**/*.wasm", "**/*.wasm?module"] },
];

export interface ActiveRules {
  readonly rules: readonly ModuleRule[];
  /** Rules that an earlier one of the same type ends, because it has no `fallthrough`. */
  readonly shadowed: readonly ModuleRule[];
  readonly warnings: readonly string[];
}

/** The project's rules and the default ones: of a type, those up to the first without `fallthrough`. */
export function activeRules(own: readonly ModuleRule[]): ActiveRules {
  const rules: ModuleRule[] = [];
  const shadowed: ModuleRule[] = [];
  const last = new Map<ModuleRule["type"], { readonly rule: ModuleRule; readonly ended: ModuleRule[] }>();
  for (const rule of [...own, ...DEFAULT_RULES]) {
    const end = last.get(rule.type);
    if (end !== undefined) {
      shadowed.push(rule);
      end.ended.push(rule);
      continue;
    }
    rules.push(rule);
    if (rule.fallthrough !== true) last.set(rule.type, { rule, ended: [] });
  }
  // `fallthrough: false` says that it is meant.
  const warnings = [...last.values()].flatMap(({ rule, ended }) =>
    ended.length === 0 || rule.fallthrough === false
      ? []
      : [
          `The module rule ${JSON.stringify(rule)} does not have a fallback, the following rules will be ignored:\n` +
            `${ended.map((each) => ` ${JSON.stringify(each)}${DEFAULT_RULES.includes(each) ? " (DEFAULT)" : ""}`).join("\n")}\n\n` +
            "Add `fallthrough = true` to rule to allow next rule to be used or `fallthrough = false` to silence this warning",
        ],
  );
  return { rules, shadowed, warnings };
}

/**
 * A glob as a regular expression over a whole path. `segments`: `*` stays within a folder and `**` is any number of them;
 * otherwise every `*` is any text, as in wrangler's rules for imports.
 */
export function globPattern(glob: string, segments: boolean): RegExp {
  const parts = glob.matchAll(/(\/?)(\*+)(\/?)|[^*/]+|\//g);
  const source = Array.from(parts, ({ 0: text, 1: before = "", 2: stars, 3: after = "", index }) => {
    if (stars === undefined) return text.replaceAll(/[/$^+.()=!|?[\]{},\\]/g, String.raw`\$&`);
    const [slash, end] = [before, after].map((each) => each && String.raw`\/`);
    if (!segments) return `${slash}.*${end}`;
    const isWhole = (before !== "" || index === 0) && (after !== "" || index + text.length === glob.length);
    return stars.length > 1 && isWhole ? `${slash}((?:[^/]*(?:\\/|$))*)` : `${slash}([^/]*)${end}`;
  });
  return new RegExp(`^${source.join("")}$`);
}

/** How modules of a rule's type are stored. Python does not run here. */
export function moduleType({ type }: ModuleRule): "esm" | "cjs" | "wasm" | "text" | "data" {
  switch (type) {
    case "ESModule":
      return "esm";
    case "CommonJS":
      return "cjs";
    case "CompiledWasm":
      return "wasm";
    case "Text":
      return "text";
    case "Data":
      return "data";
    case "PythonModule":
    case "PythonRequirement":
      throw new ProjectError(`Python Workers are not supported: remove the module rule of type ${type} from the configuration`);
  }
}
