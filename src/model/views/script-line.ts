/** What a message of a script has besides its text: a level, a kind, and the name of the script. */

/** Levels by weight, the lightest first. */
export const LOG_LEVELS = ["debug", "log", "info", "warn", "error"] as const;

/** The console's method that a message was written with. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `exception` for what user code has thrown; the text is its stack then. */
export type LogKind = "console" | "exception";

/** The name of the script that wrote it; messages without a version come from workerd itself. */
export function scriptOf({ version }: { readonly version?: { readonly script: string } }): string {
  return version?.script ?? "workerd";
}
