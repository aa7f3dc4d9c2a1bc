/**
 * What becomes of a thrown value. Errors cross a boundary on Cloudflare (user code runs in one place, the engine in
 * another), and what arrives is a built-in error, or a plain `Error` with the name folded into its message. User code in
 * the wild matches on that folded text, so stepwell folds alike — live and on replay, by the same two functions.
 */
import type { ErrorInfo } from "./events.ts";

const BUILT_IN = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError } as const;

function isBuiltIn(name: string): name is keyof typeof BUILT_IN {
  return Object.hasOwn(BUILT_IN, name);
}

/** What is recorded of a thrown value. */
export function fold(thrown: unknown): ErrorInfo {
  if (thrown instanceof Error) {
    const { name, message } = thrown;
    return isBuiltIn(name) ? { name, message } : { name: "Error", message: `${name}: ${message}` };
  }
  return { name: "Error", message: typeof thrown === "object" && thrown !== null ? `#<${className(thrown)}>` : String(thrown) };
}

/** The error that user code catches for what was recorded: built-in classes are kept, any other name is folded in. */
export function revive({ name, message }: ErrorInfo): Error {
  return isBuiltIn(name) ? new BUILT_IN[name](message) : new Error(`${name}: ${message}`);
}

const NON_RETRYABLE = "NonRetryableError";

/** An error that says: do not try this again. User code imports it from `cloudflare:workflows`. */
export class NonRetryableError extends Error {
  /** @param name what `error.name` is to be; Cloudflare's engine retries errors whose name is not the default, stepwell does not. */
  constructor(message: string, name: string = NON_RETRYABLE) {
    super(message);
    this.name = name;
  }
}

/**
 * True when a step that threw this is not to be tried again. Cloudflare goes by name or by the beginning of the message
 * (which is all that is left of the name after a boundary); one with a name of its own is recognised here too.
 */
export function isNonRetryable(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return thrown instanceof NonRetryableError || thrown.name === NON_RETRYABLE || thrown.message.startsWith(NON_RETRYABLE);
}

/** What is recorded of a failed attempt. The name of a non-retryable error is kept, for the log and the caught form alike. */
export function foldAttempt(thrown: unknown): ErrorInfo {
  if (thrown instanceof Error && thrown.name === NON_RETRYABLE) return { name: NON_RETRYABLE, message: thrown.message };
  return fold(thrown);
}

const UNHANDLED =
  "The execution of the Workflow instance was terminated, as a step threw an NonRetryableError and it was not handled";

/** What is recorded when `run` itself rejects. `preserve` is the compatibility flag that keeps a non-retryable error's text. */
export function foldUncaught(thrown: unknown, preserve: boolean): ErrorInfo {
  const info = fold(thrown);
  if (!info.message.startsWith(NON_RETRYABLE)) return info;
  if (!preserve) return { name: "WorkflowFatalError", message: UNHANDLED };
  return { name: NON_RETRYABLE, message: info.message.slice(NON_RETRYABLE.length).replace(/^: /, "") };
}

function className(object: object): string {
  const { constructor } = object as { constructor?: unknown };
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "Object";
}
