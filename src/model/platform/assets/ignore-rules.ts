/** `.assetsignore`: files that are no assets, in the notation of `.gitignore`. */

interface Rule {
  readonly parts: readonly Part[];
  /** Whether only folders are meant. */
  readonly isFolder: boolean;
  /** Whether it takes back what an earlier rule says. */
  readonly isNegated: boolean;
}

/** A part of a pattern. All but one character may be nothing. */
type Part =
  /** One character. */
  | { readonly is: "one"; readonly fits: (character: string) => boolean }
  /** Characters of one name. */
  | { readonly is: "name" }
  /** Folders, as a whole each. */
  | { readonly is: "folders" }
  /** Anything. */
  | { readonly is: "rest" };

/** Says whether a path, with `/` between its parts and none before, is left out. A folder that is takes its content along. */
export function ignoredBy(text: string): (path: string) => boolean {
  const rules = text.split(/\r?\n/).flatMap(ruleOf);
  const decides = (path: string, isFolder: boolean): boolean =>
    rules.findLast((rule) => (isFolder || !rule.isFolder) && matches(rule.parts, path))?.isNegated === false;
  return (path) => {
    const parts = path.split("/");
    return parts.some((_, i) => decides(parts.slice(0, i + 1).join("/"), i + 1 < parts.length));
  };
}

function ruleOf(line: string): Rule[] {
  const trimmed = line.trimEnd();
  // A space behind a backslash belongs to the name.
  const text = trimmed.endsWith("\\") && trimmed.length < line.length ? line.slice(0, trimmed.length + 1) : trimmed;
  if (text === "" || text.startsWith("#")) return [];
  const isNegated = text.startsWith("!");
  const written = isNegated ? text.slice(1) : text;
  const isFolder = written.endsWith("/");
  const glob = isFolder ? written.slice(0, -1) : written;
  // A slash at the beginning or in the middle ties it to the root.
  const start: Part[] = glob.includes("/") ? [] : [{ is: "folders" }];
  return [{ parts: [...start, ...partsOf(glob.replace(/^\//, ""))], isFolder, isNegated }];
}

const TOKEN = /^\*\*\/|\/\*\*\/|\/\*\*$|\*+|\?|\[[!^]?[^\]]+\]|\\.|./gs;

function partsOf(glob: string): Part[] {
  return Array.from(glob.matchAll(TOKEN), ([token]) => token).flatMap((token): Part[] => {
    if (token === "**/") return [{ is: "folders" }];
    if (token === "/**/") return [one("/"), { is: "folders" }];
    if (token === "/**") return [one("/"), { is: "rest" }];
    if (token.startsWith("*")) return [{ is: "name" }];
    if (token === "?") return [{ is: "one", fits: (character) => character !== "/" }];
    if (token.length > 2 && token.startsWith("[")) return [{ is: "one", fits: setOf(token.slice(1, -1)) }];
    return [one(token.length === 2 && token.startsWith("\\") ? token.slice(1) : token)];
  });
}

function one(wanted: string): Part {
  return { is: "one", fits: (character) => character === wanted };
}

/** `ab`, `a-z`, and `!` or `^` before what is not meant. */
function setOf(text: string): (character: string) => boolean {
  const isNegated = /^[!^]/.test(text);
  const ranges = Array.from(text.slice(isNegated ? 1 : 0).matchAll(/\\?(.)(?:-\\?(.))?/gs), ([, first = "", last = first]) => ({
    first,
    last,
  }));
  return (character) =>
    character !== "/" && ranges.some(({ first, last }) => character >= first && character <= last) !== isNegated;
}

/**
 * All ways in which the parts may fit are followed at once. A regular expression tries them one by one, of which there are more than
 * anyone can wait for when a pattern has some stars.
 */
function matches(parts: readonly Part[], path: string): boolean {
  let at = new Set<number>();
  /** Parts of folders that have begun, and not come to the end of one. */
  let within = new Set<number>();
  const enter = (places: Set<number>, from: number): void => {
    for (let i = from; !places.has(i); i += 1) {
      places.add(i);
      if (i === parts.length || parts[i]?.is === "one") return;
    }
  };
  enter(at, 0);
  for (const character of path.split("")) {
    const next = new Set<number>();
    const nextWithin = new Set<number>();
    for (const i of at) {
      const part = parts[i];
      if (part?.is === "one" ? part.fits(character) : part?.is === "rest" || (part?.is === "name" && character !== "/"))
        enter(next, part?.is === "one" ? i + 1 : i);
      if (part?.is === "folders") nextWithin.add(i);
    }
    for (const i of within) nextWithin.add(i);
    if (character === "/") for (const i of nextWithin) enter(next, i + 1);
    at = next;
    within = nextWithin;
  }
  return at.has(parts.length);
}
