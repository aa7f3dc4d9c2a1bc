/** Messages of the DevTools protocol, as far as a session looks into them. */
import { markedIn, readMark } from "../output/marks.ts";

export interface Command {
  readonly id: number;
  readonly method: string;
  readonly params?: Fields;
}

export interface Answered {
  readonly id: number;
  readonly result?: Fields;
  readonly error?: Fields;
}

export interface Notice {
  readonly method: string;
  readonly params: Fields;
}

export type Fields = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A copy in which each text with one of these names is replaced, however deep it is. */
export function renamed(value: unknown, names: ReadonlySet<string>, rename: (text: string, name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((each) => renamed(each, names, rename));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      typeof each === "string" && names.has(name) ? rename(each, name) : renamed(each, names, rename),
    ]),
  );
}

/** What the code has written to the console, without our marks and the frame that has made them (`isolate/console.ts`). */
export function unmarked(params: Fields): Fields {
  const { args, stackTrace } = params as { readonly args?: readonly Fields[]; readonly stackTrace?: Fields };
  const [first, ...rest] = args ?? [];
  const mark = typeof first?.["value"] === "string" ? readMark(first["value"]) : undefined;
  if (first === undefined || mark === undefined) return params;
  const { level, isApart } = markedIn(mark.says);
  const end = ` \u0001${mark.key}`;
  const given =
    isApart === true
      ? rest.slice(0, -1)
      : rest.length === 0
        ? [text(first, cut(mark.text, end))]
        : [text(first, mark.text), ...rest.slice(0, -1)];
  const frames = stackTrace?.["callFrames"];
  return {
    ...params,
    type: level === "warn" ? "warning" : typeof level === "string" ? level : "log",
    args: given,
    ...(Array.isArray(frames) && { stackTrace: { ...stackTrace, callFrames: frames.slice(1) as unknown[] } }),
  };
}

function text(value: Fields, said: string): Fields {
  return { ...value, value: said };
}

function cut(said: string, end: string): string {
  return said.endsWith(end) ? said.slice(0, -end.length) : said;
}
