/** `.assetsignore`: files that are no assets, in the notation of `.gitignore`. */

interface Rule {
  readonly pattern: RegExp;
  /** Whether only folders are meant. */
  readonly isFolder: boolean;
  /** Whether it takes back what an earlier rule says. */
  readonly isNegated: boolean;
}

/** Says whether a path, with `/` between its parts and none before, is left out. A folder that is takes its content along. */
export function ignoredBy(text: string): (path: string) => boolean {
  const rules = text.split(/\r?\n/).flatMap(ruleOf);
  const decides = (path: string, isFolder: boolean): boolean =>
    rules.findLast((rule) => (isFolder || !rule.isFolder) && rule.pattern.test(path))?.isNegated === false;
  return (path) => {
    const parts = path.split("/");
    return parts.some((_, i) => decides(parts.slice(0, i + 1).join("/"), i + 1 < parts.length));
  };
}

function ruleOf(line: string): Rule[] {
  const text = line.replace(/(?<!\\)\s+$/, "");
  if (text === "" || text.startsWith("#")) return [];
  const isNegated = text.startsWith("!");
  const written = isNegated ? text.slice(1) : text;
  const isFolder = written.endsWith("/");
  const glob = isFolder ? written.slice(0, -1) : written;
  // A slash at the beginning or in the middle ties it to the root.
  const start = glob.includes("/") ? "^" : "^(?:.*/)?";
  return [{ pattern: new RegExp(`${start}${sourceOf(glob.replace(/^\//, ""))}$`), isFolder, isNegated }];
}

const TOKEN = /^\*\*\/|\/\*\*\/|\/\*\*$|\*+|\?|\[[!^]?[^\]]+\]|\\.|[^*?[\\/]+|./g;

function sourceOf(glob: string): string {
  return glob.replaceAll(TOKEN, (token) => {
    if (token === "**/") return "(?:.*/)?";
    if (token === "/**/") return "/(?:.*/)?";
    if (token === "/**") return "/.*";
    if (token.startsWith("*")) return "[^/]*";
    if (token === "?") return "[^/]";
    if (token.length > 2 && token.startsWith("[")) return token.replace(/^\[!/, "[^");
    const literal = token.length === 2 && token.startsWith("\\") ? token.slice(1) : token;
    return literal.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
  });
}
