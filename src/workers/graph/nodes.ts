/**
 * What a workflow's graph is made of: Cloudflare's shapes, as its REST API and its SDK have them. A graph is a tree that
 * follows the code; steps are its leaves, and what surrounds them says when and how often they run.
 */

/** Milliseconds, a duration such as `"5 minutes"`, or the piece of source that computes it. */
type Duration = number | string;

/** The fields that the code reads of something that comes from outside; `unknown` where it reads none. */
export type Payload =
  | { readonly type: "unknown" }
  | { readonly type: "object"; readonly fields: { readonly [name: string]: Payload } };

/**
 * When a step that is not awaited at once begins and when it is awaited, as moments of the function that it is in: the
 * first is 1, and each `await` that something running alongside passes moves to the next. Absent where steps simply
 * follow one another.
 */
export interface Timed {
  starts?: number;
  resolves?: number;
}

export interface StepDo extends Timed {
  readonly type: "step_do";
  /** As written; an expression in a template shows as `${...}`, a name that is computed altogether as `<dynamic>`. */
  readonly name: string;
  readonly config: {
    readonly retries: {
      readonly limit: number;
      /** `[dynamic]` when a function computes it. */
      readonly delay: Duration;
      readonly backoff: "constant" | "linear" | "exponential";
    };
    readonly timeout: Duration;
  };
  /** Steps inside its callback. */
  readonly nodes: GraphNode[];
}

export interface StepSleep extends Timed {
  readonly type: "step_sleep";
  readonly name: string;
  readonly duration: Duration;
}

export interface StepSleepUntil extends Timed {
  readonly type: "step_sleep_until";
  readonly name: string;
  readonly timestamp: string;
}

export interface StepWaitForEvent extends Timed {
  readonly type: "step_wait_for_event";
  readonly name: string;
  /** Null when the code computes them. */
  readonly options: { readonly event_type: string; readonly timeout: Duration } | null;
  payload?: Payload;
}

/** Whatever is repeated: a statement, or a callback that is called for each element. */
export interface Loop {
  readonly type: "loop";
  readonly nodes: GraphNode[];
}

/** What a combinator of `Promise` waits for. */
export interface Parallel {
  readonly type: "parallel";
  readonly kind: "all" | "any" | "all_settled" | "race";
  readonly nodes: GraphNode[];
}

export interface Block {
  readonly type: "block";
  readonly nodes: GraphNode[];
}

export interface Try {
  readonly type: "try";
  readonly try_block: Block | null;
  readonly catch_block: Block | null;
  readonly finally_block: Block | null;
}

/** A way that is taken when its condition, a piece of source, holds; null is what is left over. */
export interface Branch {
  readonly condition: string | null;
  readonly nodes: GraphNode[];
}

export interface If {
  readonly type: "if";
  readonly branches: Branch[];
}

export interface Switch {
  readonly type: "switch";
  readonly discriminant: string;
  readonly branches: Branch[];
}

/** A call of one of the graph's `functions`. */
export interface FunctionCall extends Timed {
  readonly type: "function_call";
  readonly name: string;
}

export interface FunctionDef {
  readonly type: "function_def";
  readonly name: string;
  readonly nodes: GraphNode[];
}

export interface Start {
  readonly type: "start";
  readonly class_name: string;
  readonly functions: { readonly [name: string]: FunctionDef };
  readonly nodes: GraphNode[];
  readonly payload?: Payload;
}

/** An end before the end: of a loop, or of the function. */
export interface Break {
  readonly type: "break";
  readonly kind: "break" | "return";
}

/** The fourteen kinds. `start` and `function_def` stand for whole functions: they are never inside another node. */
export type GraphNode =
  | StepDo
  | StepSleep
  | StepSleepUntil
  | StepWaitForEvent
  | Loop
  | Parallel
  | Try
  | Block
  | If
  | Switch
  | FunctionCall
  | FunctionDef
  | Start
  | Break;

/** A version's graph. */
export interface Graph {
  /** Of the format. Cloudflare's: 1. */
  readonly version: number;
  readonly workflow: Omit<Start, "type">;
}
