/**
 * stepwell as a library: an engine in your own process, on a file of your own, with your own classes. The same engine
 * and the same binding that Workers get; only the server and the isolation are left out.
 */
import { bindingHandler } from "./api/binding/workflow.ts";
import type { EngineLimits } from "./engine/state/settings.ts";
import type { Engine } from "./engine/contract.ts";
import { openEngine } from "./engine/open.ts";
import { inProcessExecutor } from "./executors/in-process/executor.ts";
import { Failure } from "./model/failures/failure.ts";
import { cronProblem } from "./model/time/cron.ts";
import { LIMITS } from "./model/limits.ts";
import { isWorkflowName } from "./model/platform/names.ts";
import { CALL_DEPTH, decode, encode } from "./model/values/value.ts";
import type { Catalog } from "./ports/catalog/catalog.ts";
import type { Log } from "./ports/log.ts";
import { silentLog } from "./noop/log.ts";
import { systemClock } from "./system/clock.ts";
import { systemIds } from "./system/ids.ts";
import { workflowBinding } from "./bindings/workflow/client.ts";
import type { Workflow } from "./runtime/bindings/workflow-types.ts";
import type { WorkflowClass } from "./runtime/run/runtime.ts";
import { Hosts } from "./workers/hosts/hosts.ts";
import { workflowEdit, type WorkflowEdit } from "./workers/versions/workflow.ts";
import { openSqlite } from "./stores/sqlite/open.ts";
import { parseKeys } from "./vault/keys.ts";
import { openVault } from "./vault/open.ts";

export type * from "./runtime/bindings/workflow-types.ts";
export type * from "./runtime/steps/step-types.ts";
export type { WorkflowClass } from "./runtime/run/runtime.ts";
export type { EngineLimits } from "./engine/state/settings.ts";
export type { Log, LogFields } from "./ports/log.ts";
export { WorkflowEntrypoint } from "./runtime/cloudflare/workers.ts";
export { NonRetryableError } from "./runtime/cloudflare/workflows.ts";

/** The script that all embedded classes belong to. */
const SCRIPT = "embedded";

/** What to open. */
export interface StepwellOptions {
  /** The database file; made if it is not there. One process at a time may have it open. */
  readonly file: string;
  /** Classes by the name of their workflow: 1–64 letters, digits, `_` and `-`. */
  readonly workflows: Readonly<Record<string, WorkflowClass>>;
  /**
   * Cron expressions, in UTC and Cloudflare's dialect, by the name of their workflow: each boundary makes an instance with
   * `event.schedule`. Of those that pass while nothing has the file open, the latest is made up for. Up to 100 in all.
   */
  readonly schedules?: Readonly<Record<string, string | readonly string[]>>;
  /** What the classes find as `this.env`. */
  readonly env?: unknown;
  /**
   * Keys that encrypt the outputs of sensitive steps, each 32 bytes in base64 or hex: the first encrypts, all decrypt. When
   * absent, a key is made in the file next to the database whose name ends in `.key`.
   */
  readonly keys?: readonly string[];
  /** Where the engine says what goes wrong; nowhere when absent. */
  readonly log?: Log;
  /** The delay before a step's first retry when it names none, in milliseconds. Default 10,000, as on Cloudflare. */
  readonly defaultRetryDelayMs?: number;
  /** Limits to what runs, is queued and is created; docs/limits.md says what each is without them. */
  readonly limits?: Partial<EngineLimits>;
}

/** An open engine. */
export interface Stepwell extends AsyncDisposable {
  /** The binding of a workflow. Fails with `workflow.not_found` for a name that was not given to `openStepwell`. */
  workflow<Params = unknown>(name: string): Workflow<Params>;
  /**
   * Resolves when the engine has had to stop by itself, with the reason: another process has the file (`store.fenced`), or the
   * file was deleted or replaced (`store.gone`). Every call fails with it from then on; it remains to close.
   */
  readonly ended: Promise<Error>;
  /** Waits up to `drainMs` (default 0) for attempts under way, suspends the rest, and closes the file. */
  close(drainMs?: number): Promise<void>;
}

/**
 * Opens an engine and goes on with whatever was left unfinished in its file. Instances always run on the classes given
 * now: a class cannot be kept from one process to the next.
 *
 * @throws Failure when the file cannot be used (`store.locked`, `store.newer`, `store.unwritable`), a name is not
 * valid, a schedule is not (`body`, `workflow.too_many_schedules`), or a key is not (`vault.key_invalid`).
 */
export async function openStepwell(options: StepwellOptions): Promise<Stepwell> {
  const { workflows, env, keys, log = silentLog } = options;
  for (const name of Object.keys(workflows))
    if (!isWorkflowName(name)) throw new Failure("workflow.invalid_name", { field: name });
  checkSchedules(options);
  const given = (keys ?? []).flatMap((key, i) => parseKeys(key, `keys[${i}]`));
  const { store, catalog } = await openSqlite(options.file);
  const vault = await openVault(given, `${options.file}.key`).catch(async (cause: unknown) => {
    await store.close();
    throw cause;
  });
  await register(catalog, Object.keys(workflows), options.schedules ?? {});
  const engine: Engine = await openEngine({
    store,
    catalog,
    vault,
    hosts: new Hosts({ executor: inProcessExecutor({ classes: workflows, env }), clock: systemClock }),
    clock: systemClock,
    ids: systemIds,
    log,
    settings: {
      ...options.limits,
      ...(options.defaultRetryDelayMs !== undefined && { defaultRetryDelayMs: options.defaultRetryDelayMs }),
    },
  });
  engine.start();
  const answer = bindingHandler(engine, new AbortController().signal);
  const close = async (drainMs = 0): Promise<void> => {
    await engine.close(drainMs);
    await store.close();
  };
  return {
    workflow: (name) => {
      if (!Object.hasOwn(workflows, name))
        throw new Failure("workflow.not_found", { detail: `No class was given for the workflow "${name}"` });
      return workflowBinding(async (method, args) =>
        decode(await answer({ to: "workflow", name, method, args: encode(args, CALL_DEPTH) })),
      );
    },
    ended: engine.ended,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/**
 * One version of the script for ever: the code is whatever this process has. Schedules are those that were given now: one of a
 * class that is not there any more would only make instances that fail.
 */
async function register(
  catalog: Catalog,
  names: readonly string[],
  schedules: NonNullable<StepwellOptions["schedules"]>,
): Promise<void> {
  const script = { id: SCRIPT, script: SCRIPT, hash: SCRIPT, code: "", bindings: [], compatibilityFlags: [] };
  await catalog.putScriptVersion({ ...script, createdAt: systemClock.now() });
  const left = (await catalog.timetable("workflow")).map(({ owner }) => owner);
  const edits: WorkflowEdit[] = [];
  for (const name of new Set([...names, ...left])) {
    const crons = names.includes(name) ? [schedules[name] ?? []].flat() : [];
    const settings = crons.length === 0 ? {} : { schedules: crons.map((cron) => ({ cron })) };
    edits.push(...(await workflowEdit(catalog, { name, className: name, script: SCRIPT }, script, settings)));
  }
  await catalog.commit(edits);
}

/** Fails with `body` for a schedule of a workflow without a class, and for one that cannot be followed. */
function checkSchedules({ workflows, schedules = {} }: StepwellOptions): void {
  for (const [name, crons] of Object.entries(schedules)) {
    const field = `schedules.${name}`;
    if (!Object.hasOwn(workflows, name)) throw new Failure("body", { field, detail: "No class was given for this workflow" });
    for (const cron of [crons].flat()) {
      const problem = cronProblem(cron);
      if (problem !== undefined) throw new Failure("body", { field, detail: problem });
    }
  }
  const all = Object.values(schedules).flat().length;
  if (all > LIMITS.schedules) throw new Failure("workflow.too_many_schedules", { field: "schedules" });
}
