/** A small project that `wrangler dev` and `stepwell dev` are to run alike. */

export type Topic = "packages" | "modules" | "code" | "configuration";

export interface Input {
  readonly name: string;
  readonly topic: Topic;
  /** What it is about, for the table. */
  readonly about: string;
  /** Sources by path; without a configuration among them it gets a plain one. Bytes are in base64 below `base64`. */
  readonly files: Readonly<Record<string, string>>;
  readonly base64?: Readonly<Record<string, string>>;
  /** Options of the command line, for both. */
  readonly args?: readonly string[];
  /** The environment of both. */
  readonly env?: Readonly<Record<string, string>>;
  /** What is asked for; `/` unless it is said. */
  readonly paths?: readonly string[];
  /** The reason, where the two are to differ. */
  readonly onPurpose?: string;
}

/** The date of all projects that do not say another. */
export const DATE = "2026-11-01";

/** A configuration around these fields. */
export function config(fields: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  return { "wrangler.json": JSON.stringify({ name: "parity", main: "index.js", compatibility_date: DATE, ...fields }) };
}

/** A Worker that answers what an expression comes to, as JSON. */
export function answering(imports: string, expression: string): string {
  return `${imports}\nexport default { async fetch(request, env, ctx) { return Response.json(${expression}); } };\n`;
}
