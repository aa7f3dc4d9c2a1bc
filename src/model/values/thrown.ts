/**
 * What becomes of a thrown value. Errors cross a boundary on Cloudflare (user code runs in one place, the engine in
 * another), and what arrives is a built-in error, or a plain `Error` with the name folded into its message. User code in
 * the wild matches on that folded text, so stepwell folds alike — live and on replay, by the same two functions.
 */
import type { ErrorInfo } from "./error-info.ts";
import { LIMITS } from "../limits.ts";
import { className } from "./unserialisable.ts";

/** How an error of each built-in class is made again. */
const BUILT_IN: Readonly<Record<string, (message: string) => Error>> = {
  Error: (message) => new Error(message),
  AggregateError: (message) => new AggregateError([], message),
  EvalError: (message) => new EvalError(message),
  RangeError: (message) => new RangeError(message),
  ReferenceError: (message) => new ReferenceError(message),
  SyntaxError: (message) => new SyntaxError(message),
  TypeError: (message) => new TypeError(message),
  URIError: (message) => new URIError(message),
};

/** Names of `DOMException` that a fetch, a signal or a clone may end with. No other class has them in what is recorded. */
const DOM_EXCEPTIONS: ReadonlySet<string> = new Set([
  "AbortError",
  "DataCloneError",
  "DataError",
  "InvalidAccessError",
  "InvalidCharacterError",
  "InvalidStateError",
  "NetworkError",
  "NotSupportedError",
  "OperationError",
  "QuotaExceededError",
  "TimeoutError",
]);

/** True when the class survives a boundary, under this name. */
function keepsClass(error: Error): boolean {
  if (Object.hasOwn(BUILT_IN, error.name)) return true;
  return DOM_EXCEPTIONS.has(error.name) && typeof DOMException === "function" && error instanceof DOMException;
}

/** What is recorded of a thrown value. */
export function fold(thrown: unknown): ErrorInfo {
  const { name, message } = whole(thrown);
  return errorInfo(name, message);
}

function whole(thrown: unknown): ErrorInfo {
  if (thrown instanceof Error) {
    const { name, message } = thrown;
    return keepsClass(thrown) ? { name, message } : { name: "Error", message: folded(name, message) };
  }
  return { name: "Error", message: typeof thrown === "object" && thrown !== null ? `#<${className(thrown)}>` : String(thrown) };
}

/** An error as it is recorded: it stays in memory as long as its instance is there, and in the journal for good, so long messages are cut. */
export function errorInfo(name: string, message: unknown): ErrorInfo {
  const text = textOf(message);
  return { name, message: text.length <= LIMITS.errorText ? text : `${text.slice(0, LIMITS.errorText - 1)}…` };
}

/** User code may have made anything the message of an error. */
function textOf(message: unknown): string {
  try {
    return String(message);
  } catch {
    return "[No text]";
  }
}

/** The description of a thrown value: the stack of an error, with its causes. */
export function stackOf(thrown: unknown): string {
  try {
    const stack = headedStack(thrown);
    if (stack === undefined) return `Uncaught ${fold(thrown).message} (not an Error, so there is no stack)`;
    // The first of them are enough, and it might be its own.
    const cause = headedStack((thrown as Error).cause);
    return cause === undefined ? stack : `${stack}\nCaused by: ${cause}`;
  } catch {
    // The properties of an error from user code may throw.
    return "Uncaught";
  }
}

/** The stack of an error, below its message. Some libraries (zod) set the message after the stack was taken. */
function headedStack(error: unknown): string | undefined {
  if (!(error instanceof Error) || typeof error.stack !== "string") return undefined;
  const { name, message, stack } = error;
  if (stack.includes(message)) return stack;
  const frames = stack.search(/^[ \t]+at /m);
  return `${folded(name, message)}\n${frames < 0 ? stack : stack.slice(frames)}`;
}

/** The function that threw, as its stack has it; undefined where it has no name. */
export function frameOf(thrown: unknown): string | undefined {
  try {
    const { stack } = thrown instanceof Error ? thrown : {};
    if (typeof stack !== "string") return undefined;
    const top = /^[ \t]+at (.*)$/m.exec(stack)?.[1] ?? "";
    const name = /^(?:async )?(.+) \(.*\)$/.exec(top)?.[1];
    return name === undefined || name.includes("<anonymous>") ? undefined : name.slice(0, LIMITS.errorFrame);
  } catch {
    // The properties of an error from user code may throw.
    return undefined;
  }
}

/** The error that user code catches for what was recorded: built-in classes are kept, any other name is folded in. */
export function revive({ name, message }: ErrorInfo): Error {
  if (DOM_EXCEPTIONS.has(name)) return new DOMException(message, name);
  const make = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
  return make?.(message) ?? new Error(folded(name, message));
}

/** As `Error.prototype.toString` has it. */
function folded(name: string, message: string): string {
  return message === "" ? name : `${name}: ${message}`;
}

const NON_RETRYABLE = "NonRetryableError";

/** An error that says: do not try this again. User code imports it from `cloudflare:workflows`. */
export class NonRetryableError extends Error {
  /** @param name what `error.name` is to be; Cloudflare retries errors with a name other than the default, stepwell does not. */
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
  if (thrown instanceof Error && thrown.name === NON_RETRYABLE) return errorInfo(NON_RETRYABLE, thrown.message);
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
