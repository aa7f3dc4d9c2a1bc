/** The console of a thread: what a script writes leaves as messages that know what they belong to, and not as output. */
import { AsyncLocalStorage } from "node:async_hooks";
import { Console } from "node:console";
import { Writable } from "node:stream";
import { loggedValues } from "../../protocol/logged.ts";
import type { Origin } from "../../protocol/origin.ts";
import { OpenInvocation, type InvocationLog } from "../../runtime/handlers/invocation.ts";
import type { FromThread, Said } from "./messages.ts";

/** The scope of all user code of the thread. */
export const scope: AsyncLocalStorage<Origin> = new AsyncLocalStorage();

const LEVELS = ["debug", "log", "info", "warn", "error"] as const;

/** Gives the thread a console that says everything by `post`. Answers how to say what user code has thrown, and what is known of invocations. */
export function captureConsole(post: (message: FromThread) => void): InvocationLog {
  let level: Said["level"] | undefined;
  let values: string | undefined;
  const report: InvocationLog["report"] = (invocation) => post({ type: "invocation", invocation });
  const write = (text: string, about: Pick<Said, "level" | "kind" | "values">): void => {
    const found = scope.getStore();
    const begun = found instanceof OpenInvocation ? found.introduce() : undefined;
    if (begun !== undefined) report(begun);
    const origin = found instanceof OpenInvocation ? found.toJSON() : found;
    post({ type: "said", text, ...about, ...(origin && { origin }) });
  };
  const stream = (standard: Said["level"]): Writable =>
    new Writable({
      decodeStrings: false,
      write: (text: string, _, done) => {
        write(text.replace(/\n$/, ""), { level: level ?? standard, kind: "console", ...(values !== undefined && { values }) });
        done();
      },
    });
  const own = new Console({ stdout: stream("log"), stderr: stream("error"), colorMode: false });
  for (const each of LEVELS) {
    const print = own[each].bind(own) as (...parts: unknown[]) => void;
    own[each] = (...parts: unknown[]): void => {
      level = each;
      values = loggedValues(parts);
      print(...parts);
      level = values = undefined;
    };
  }
  globalThis.console = own;
  return { scope, reportThrown: (stack) => write(stack, { level: "error", kind: "exception" }), report };
}
