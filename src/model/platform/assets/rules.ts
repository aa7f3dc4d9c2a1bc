/**
 * What the files `_redirects` and `_headers` of a folder of static assets say, in the form in which Cloudflare's own Worker
 * for assets takes it. As on Cloudflare, an invalid line is skipped and all others count; the skipped lines are returned
 * beside the rules, each with its reason.
 *
 * Sources: developers.cloudflare.com/workers/static-assets/redirects and …/headers.
 */
import { LIMITS } from "../../limits.ts";

/** Where a request is sent instead. With status 200 the answer of that path is given, and the address stays. */
export interface Redirect {
  readonly status: number;
  readonly to: string;
}

/** By path. Those with a `*` or a `:name` in it are tried in order, after the others. */
export interface Redirects {
  readonly version: 1;
  readonly staticRules: Readonly<Record<string, Redirect & { readonly lineNumber: number }>>;
  readonly rules: Readonly<Record<string, Redirect>>;
}

/** By path or `https://` address, which may have a `*` and `:name`s: headers that answers get, and that they lose. */
export interface HeaderRules {
  readonly version: 2;
  readonly rules: Readonly<Record<string, { readonly set: Readonly<Record<string, string>>; readonly unset: readonly string[] }>>;
}

/** A line that was passed over; 1-based. */
export interface PassedOver {
  readonly line: number;
  readonly reason: string;
}

/** What a file says. */
export interface Read<Rules> {
  readonly rules: Rules;
  readonly passedOver: readonly PassedOver[];
}

const STATUSES: ReadonlySet<number> = new Set([200, 301, 302, 303, 307, 308]);
const PATTERN = /\*|:[A-Za-z]\w*/;
const ELSEWHERE = /^https:\/\/[^/]+/;

/** Reads a `_redirects` file. */
export function readRedirects(text: string): Read<Redirects> {
  const staticRules: Record<string, Redirect & { lineNumber: number }> = {};
  const rules: Record<string, Redirect> = {};
  const passedOver: PassedOver[] = [];
  const counts = { fixed: 0, patterns: 0 };
  const known = new Set<string>();
  for (const { line, text: said } of linesOf(text, passedOver)) {
    const rule = redirectOf(said);
    const reason = typeof rule === "string" ? rule : refusalOf(rule, known, counts);
    if (typeof rule === "string" || reason !== undefined) {
      passedOver.push({ line, reason: reason ?? "" });
      continue;
    }
    const { from, ...redirect } = rule;
    known.add(from);
    // Once there is a pattern, what follows it keeps its place behind it.
    if (counts.patterns === 0 && !PATTERN.test(from)) {
      counts.fixed += 1;
      staticRules[from] = { ...redirect, lineNumber: line };
    } else {
      counts.patterns += 1;
      rules[from] = redirect;
    }
  }
  return { rules: { version: 1, staticRules, rules }, passedOver };
}

interface RedirectLine extends Redirect {
  readonly from: string;
}

/** What a line says, or why it says nothing. */
function redirectOf(said: string): RedirectLine | string {
  const comment = said.search(/\s#/);
  const words = (comment < 0 ? said : said.slice(0, comment).trimEnd()).split(/\s+/);
  const [source = "", to = "", code = "302"] = words;
  if (words.length < 2 || words.length > 3) return "Expected a path, a target and an optional status";
  const [from = ""] = source.split(/[?#]/);
  const status = Number(code);
  if (!from.startsWith("/")) return "The path must start with a slash";
  if (!to.startsWith("/") && !ELSEWHERE.test(to)) return "The target must be a path or an https:// URL";
  if (!STATUSES.has(status)) return `The status must be one of ${[...STATUSES].join(", ")}`;
  if (status === 200 && !to.startsWith("/")) return "With status 200 the target must be a path";
  return { from, to, status };
}

function refusalOf(
  { from, to }: RedirectLine,
  known: ReadonlySet<string>,
  { fixed, patterns }: { readonly fixed: number; readonly patterns: number },
): string | undefined {
  if (to.startsWith("/") && (from.endsWith("/*") || from.endsWith("/")) && /\/index(?:\.html)?$/.test(to))
    return "The redirect leads to itself: /index.html is served at /";
  if (known.has(from)) return "There is a rule for this path before it";
  const isPattern = patterns > 0 || PATTERN.test(from);
  if (isPattern && patterns >= LIMITS.assetRedirectPatterns)
    return `At most ${LIMITS.assetRedirectPatterns} redirects with patterns are allowed`;
  if (!isPattern && fixed >= LIMITS.assetRedirects) return `At most ${LIMITS.assetRedirects} redirects are allowed`;
  return undefined;
}

/** Reads a `_headers` file. */
export function readHeaderRules(text: string): Read<HeaderRules> {
  const rules: Record<string, { set: Record<string, string>; unset: string[] }> = {};
  const passedOver: PassedOver[] = [];
  let current: { set: Record<string, string>; unset: string[] } | undefined;
  for (const { line, text: said } of linesOf(text, passedOver)) {
    const refuse = (reason: string): void => void passedOver.push({ line, reason });
    if (said.startsWith("/") || ELSEWHERE.test(said)) {
      const reason = pathRefusal(said, Object.keys(rules).length);
      if (reason !== undefined) refuse(reason);
      // What is said of a path that was refused is passed over with it.
      current = reason === undefined ? (rules[said] ??= { set: {}, unset: [] }) : { set: {}, unset: [] };
    } else if (current === undefined) refuse("A header must follow a path");
    else {
      const reason = addHeader(current, said);
      if (reason !== undefined) refuse(reason);
    }
  }
  const kept = Object.entries(rules).filter(([, { set, unset }]) => Object.keys(set).length + unset.length > 0);
  return { rules: { version: 2, rules: Object.fromEntries(kept) }, passedOver };
}

function pathRefusal(path: string, known: number): string | undefined {
  if (path.split("*").length > 2) return "A path may have at most one *";
  if (/^https:\/\/[^/]*:\d/.test(path)) return "A URL must not have a port";
  return known >= LIMITS.assetHeaderRules ? `At most ${LIMITS.assetHeaderRules} paths are allowed` : undefined;
}

/** Takes in `Name: value` or `! Name`; answers why it could not. */
function addHeader({ set, unset }: { set: Record<string, string>; unset: string[] }, said: string): string | undefined {
  if (said.startsWith("! ")) {
    unset.push(said.slice(2).trim().toLowerCase());
    return undefined;
  }
  const [, name, value] = /^([^:]*):(.*)$/.exec(said) ?? [];
  if (name === undefined || value === undefined) return "Expected a name, a colon and a value, or ! and a name";
  const key = name.trim().toLowerCase();
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(key)) return "The header name is not valid";
  if (value.trim() === "") return "The header has no value";
  const before = Object.hasOwn(set, key) ? set[key] : undefined;
  set[key] = before === undefined ? value.trim() : `${before}, ${value.trim()}`;
  return undefined;
}

/** The lines with a rule; too long ones are skipped and added to `passedOver`. */
function linesOf(text: string, passedOver: PassedOver[]): { readonly line: number; readonly text: string }[] {
  const lines = text.split("\n").map((each, i) => ({ line: i + 1, text: each.trim() }));
  return lines.filter(({ line, text: said }) => {
    if (said === "" || said.startsWith("#")) return false;
    if (said.length <= LIMITS.assetRuleCharacters) return true;
    passedOver.push({ line, reason: `A line has ${LIMITS.assetRuleCharacters} characters at the most` });
    return false;
  });
}
