/**
 * Marks what a script writes, because all scripts of a process share its output: every message begins with the mark that the
 * host knows the script by. workerd itself lays messages out, so that nothing here need know how.
 */

const METHODS = ["debug", "error", "info", "log", "trace", "warn"] as const;

export function markConsole(mark: string): void {
  for (const method of METHODS) {
    const write = console[method].bind(console) as (...parts: unknown[]) => void;
    console[method] = (...parts: unknown[]): void => {
      const [first, ...rest] = parts;
      if (typeof first === "string") write(mark + first, ...rest);
      else write(mark, ...parts);
    };
  }
}
