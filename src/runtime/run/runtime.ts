/**
 * The runtime: runs beside user code, in whatever isolate that is, and speaks frames with the engine. All that its runs
 * have to say in one turn leaves in one batch.
 */
import { errorInfo, fold, foldUncaught, frameOf, stackOf } from "../../model/values/thrown.ts";
import { decode, encode, isTooLarge, Unserialisable, type Encoded } from "../../model/values/value.ts";
import type { RunErrored, RuntimeEvent } from "../../model/instance/events.ts";
import type { ErrorInfo } from "../../model/values/error-info.ts";
import type { FromRuntime, StartFrame, ToRuntime } from "../../protocol/frames.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { Inbox } from "./inbox.ts";
import type { Place } from "./place.ts";
import { Rollback } from "./rollback.ts";
import { Run } from "./run.ts";
import type { Scope } from "./scope.ts";
import { createStep, type Step } from "../steps/step.ts";
import { Stops } from "./stops.ts";

/** What `run` is given. */
export interface WorkflowEvent {
  readonly timestamp: Date;
  readonly payload: unknown;
  readonly instanceId: string;
  readonly workflowName: string;
  readonly schedule?: { readonly cron: string; readonly scheduledTime: number };
}

/** A user's class. */
export type WorkflowClass = new (ctx: never, env: never) => { run?: (event: never, step: never) => unknown };

/** What the runtime needs of the isolate that it is in. */
export interface RuntimeHost {
  send(frames: FromRuntime[]): void;
  /** Calls back once what is ready in this turn has run: `setImmediate`, in Node. */
  soon(fire: () => void): void;
  /** Epoch milliseconds. */
  now(): number;
  workflowClass(name: string): WorkflowClass | undefined;
  /** A place for a run that begins. `lost` is to be called when it ends by itself, and says why; never from within this. */
  openPlace(lost: (detail: string) => void): Place;
  readonly env: unknown;
  readonly scope: Scope;
  /** Takes the stack of what user code has thrown. Called in the scope that it belongs to. */
  reportThrown(stack: string): void;
  /** How many `stop` frames have been sent here, where that is known before they arrive. */
  readonly stopsSent?: () => number;
}

export interface Runtime {
  receive(frames: readonly ToRuntime[]): void;
  /** How many runs there are. */
  readonly runs: number;
  /** How many of them do not wait for the engine. */
  readonly busy: number;
  /** How many have begun, ever. */
  readonly begun: number;
}

/** A runtime in this isolate. */
export function createRuntime(host: RuntimeHost): Runtime {
  const runs = new Map<number, Run>();
  let begun = 0;
  const idle = new Set<Run>();
  const dirty = new Set<Run>();
  const flush = (): void => {
    const frames = said(runs, dirty, idle);
    if (frames.length > 0) host.send(frames);
  };
  const stops = new Stops(host.stopsSent);
  const runHost = {
    now: () => host.now(),
    scope: host.scope,
    reportThrown: (thrown: unknown): void => host.reportThrown(stackOf(thrown)),
    stops,
    soon: (fire: () => void): void => host.soon(fire),
    dirty: (run: Run): void => {
      if (dirty.size === 0) host.soon(flush);
      dirty.add(run);
      idle.delete(run);
    },
  };
  const receive = (frame: ToRuntime): void => {
    switch (frame.type) {
      case "start":
        begun += 1;
        return start(host, runs, frame, (before) => new Run(frame, runHost, before?.place ?? openPlace(host, runs)));
      case "acks":
        for (let i = 0; i + 1 < frame.acks.length; i += 2) runs.get(frame.acks[i] ?? 0)?.ack(frame.acks[i + 1] ?? 0);
        return;
      case "stop":
        stops.carriedOut();
        return stop(runs, [dirty, idle], frame.run);
      default:
        return tell(runs.get(frame.run), frame);
    }
  };
  const inbox = new Inbox((fire) => host.soon(fire), receive);
  return {
    receive: (frames) => {
      stops.arrive(frames);
      inbox.add(frames);
    },
    get runs() {
      return runs.size;
    },
    get busy() {
      return runs.size - idle.size;
    },
    get begun() {
      return begun;
    },
  };
}

function openPlace(host: RuntimeHost, runs: ReadonlyMap<number, Run>): Place {
  const place = host.openPlace((detail) => {
    for (const run of runs.values()) if (run.place === place) run.lose(detail);
  });
  return place;
}

/** Collects the frames of `dirty` runs, and the runs that have become idle. Runs that have ended are removed. */
function said(runs: Map<number, Run>, dirty: Set<Run>, idle: Set<Run>): FromRuntime[] {
  const frames: FromRuntime[] = [];
  for (const run of dirty) {
    run.flush(frames);
    if (run.isIdle && !run.over) idle.add(run);
    // One that keeps handlers stays until it hears what becomes of them.
    if (!run.over || run.isCompensating) continue;
    runs.delete(run.id);
    run.place.leave();
  }
  dirty.clear();
  return frames;
}

/** Drops a run, with all that still goes on in its place. */
function stop(runs: Map<number, Run>, kept: readonly Set<Run>[], id: number): void {
  const run = runs.get(id);
  if (run === undefined) return;
  run.end();
  runs.delete(id);
  for (const each of kept) each.delete(run);
  run.place.cut();
}

function tell(run: Run | undefined, frame: Exclude<ToRuntime, { type: "start" | "acks" | "stop" }>): void {
  if (run === undefined) return;
  switch (frame.type) {
    case "history":
      run.history.add(frame.from, frame.outcomes);
      return;
    case "outcome":
      run.signalled();
      run.settle(frame.outcome);
      return;
    case "retry":
      run.signalled();
      run.retry(frame.key);
      return;
    case "compensate":
      run.enter((context) => void run.rollback?.compensate(frame.outcome, frame.begun, context));
      return;
    case "park":
      return run.park();
    case "arrange":
      run.arrangements = frame.arrangements;
      return;
    case "pause":
      run.signalled();
      run.pause();
      return;
    case "unpause":
      run.signalled();
      run.unpause();
      return;
    default:
      run.streams.receive(frame);
  }
}

/**
 * Begins a run. One that undoes steps waits for orders, with the handlers of the run before it if that is still here, and
 * where they are at home.
 */
function start(host: RuntimeHost, runs: Map<number, Run>, frame: StartFrame, make: (before: Run | undefined) => Run): void {
  const { rollback } = frame;
  const before = rollback?.inherits === undefined ? undefined : runs.get(rollback.inherits);
  const run = make(before);
  runs.set(run.id, run);
  if (rollback === undefined) return run.enter((context) => void execute(host, run, context));
  if (before !== undefined) {
    run.handlers = before.handlers;
    before.isCompensating = true;
    before.end();
    runs.delete(before.id);
  }
  run.rollback = new Rollback(run, rollback.error, (context) => invoke(host, run, context));
}

/** Calls the user's `run`, and says how it ended. */
async function execute(host: RuntimeHost, run: Run, context: ExecutionContext): Promise<void> {
  let last: RuntimeEvent;
  try {
    const output = toOutput(await invoke(host, run, context));
    last = { type: "workflow_completed", ...(output !== undefined && { output }) };
  } catch (thrown) {
    if (!run.over && !(thrown instanceof BadOutput)) run.reportThrown(thrown);
    last = errored(run, thrown);
  }
  if (run.over) return;
  run.emit(last);
  run.end();
  run.isCompensating = last.type === "workflow_errored" && last.rollback === "ready";
}

async function invoke(host: RuntimeHost, run: Run, context: ExecutionContext): Promise<unknown> {
  const { className } = run.start;
  const Class = host.workflowClass(className);
  if (Class === undefined) throw new Error(`The Worker exports no class "${className}"`);
  const entrypoint = new Class(context as never, host.env as never);
  if (typeof entrypoint.run !== "function") throw new TypeError(`The class "${className}" has no run method`);
  const step: Step = createStep(run);
  return entrypoint.run(toEvent(run.start) as never, step as never);
}

/** An output that cannot be kept undoes nothing, as on Cloudflare; every other rejection does. */
function errored({ start, handlers }: Run, thrown: unknown): RunErrored {
  const type = "workflow_errored";
  if (thrown instanceof BadOutput) return { type, error: thrown.info, rollback: "never" };
  const error = foldUncaught(thrown, start.options.preserveNonRetryable);
  const frame = frameOf(thrown);
  const ended = { type, error, ...(frame !== undefined && { frame }) } as const;
  if (handlers === undefined) return ended;
  const trigger = fold(thrown);
  return { ...ended, ...(trigger.message !== error.message && { trigger }), rollback: "ready" };
}

function toEvent(start: StartFrame): WorkflowEvent {
  return {
    timestamp: new Date(start.timestamp),
    payload: decode(start.params),
    instanceId: start.instanceId,
    workflowName: start.workflow,
    ...(start.schedule && { schedule: start.schedule }),
  };
}

/** What `run` returned cannot be kept. */
class BadOutput extends Error {
  readonly info: ErrorInfo;

  constructor(info: ErrorInfo) {
    super(info.message);
    this.info = info;
  }
}

function toOutput(value: unknown): Encoded | undefined {
  if (value === undefined) return undefined;
  let output: Encoded;
  try {
    output = encode(value);
  } catch (cause) {
    const detail = cause instanceof Unserialisable ? cause.message : fold(cause).message;
    throw new BadOutput(errorInfo("WorkflowFatalError", `The Workflow returned a value which is not serialisable: ${detail}`));
  }
  if (!isTooLarge(output)) return output;
  throw new BadOutput({
    name: "WorkflowInternalError",
    message: "The Workflow's output is too large. Maximum allowed size is 1MiB.",
  });
}
