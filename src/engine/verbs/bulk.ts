/**
 * Actions on all instances that match a filter, in the background and in small batches. They go through them by position,
 * from the newest on: what cannot be changed is passed over once, and what is created meanwhile is never met.
 * Actions are in memory only: what the server has not got to when it ends stays as it is.
 */
import { Failure, type FailureName } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import { INSTANCE_STATUSES, isFinal, type InstanceStatus } from "../../model/instance/status.ts";
import { isStoreTrouble } from "../../model/failures/store-error.ts";
import type { InstanceFilter, Position } from "../../ports/instances/search.ts";
import type { InstanceSummary } from "../../ports/instances/summary.ts";
import { Outage } from "../../upkeep/outage.ts";
import { Rests } from "../../upkeep/rests.ts";
import { pause, remove, restart, resume, terminate } from "./control.ts";
import type { Core } from "../runs/core.ts";
import { checkOpen, type Verbs } from "./verbs.ts";
import type { Action, InstanceAction, MatchCount } from "../contract.ts";
import { countMatching, turn } from "../reading/matching.ts";

/** Instances that are changed together. */
const PAGE = 100;

/** Parts in which instances are counted before an action: enough for a million. */
const COUNT_PARTS = 100;

interface Job {
  readonly about: Pick<Action, "id" | "workflow" | "action" | "filter" | "total" | "startedAt">;
  readonly refused: Map<FailureName, number>;
  state: Action["state"];
  done: number;
  endedAt: number | null;
  stopping: boolean;
}

export class Bulk {
  readonly #verbs: Verbs;
  readonly #core: Core;
  /** Those that were asked for, oldest first. */
  readonly #jobs: Map<string, Job> = new Map();
  /** Workflows whose instances are all being terminated; one such job each. */
  readonly #terminating: Set<string> = new Set();
  readonly #working: Set<Promise<void>> = new Set();
  readonly #outage: Outage;
  readonly #rests: Rests;

  constructor(verbs: Verbs) {
    this.#verbs = verbs;
    this.#core = verbs.core;
    const { clock, log } = verbs.core;
    const says = { fails: "Bulk actions wait for the store", works: "Bulk actions continue" };
    this.#outage = new Outage({ clock, log, ...says, leastMs: 1_000, mostMs: 5_000 });
    this.#rests = new Rests(clock);
  }

  terminating(workflow: string): boolean {
    return this.#terminating.has(workflow);
  }

  terminateAll(workflow: string, status?: InstanceStatus): "ok" | "already_running" {
    if (this.#terminating.has(workflow)) return "already_running";
    this.#terminating.add(workflow);
    // What is rolling back ends by itself; to terminate it would be to cut that short.
    const unfinished = INSTANCE_STATUSES.filter((each) => !isFinal(each) && each !== "rollingBack");
    const filters = (status === undefined ? unfinished : [status]).map((each) => ({ workflow, status: each }));
    void this.#run(this.#job("terminate", { workflow }), filters).finally(() => this.#terminating.delete(workflow));
    return "ok";
  }

  removeAll(workflow: string): void {
    // What is created from now on belongs to a workflow of the same name that comes after this one.
    const filter = { workflow, createdTo: this.#core.clock.now() };
    void this.#run(this.#job("delete", filter), [filter]);
  }

  /** See `Engine.count`. */
  count(filter: InstanceFilter): Promise<MatchCount> {
    return countMatching(this.#core, filter, COUNT_PARTS);
  }

  /** See `Engine.startBulkAction`. */
  async start(action: InstanceAction, filter: InstanceFilter): Promise<Action> {
    checkOpen(this.#core);
    this.#checkRoom();
    const total = await this.count(filter);
    this.#checkRoom();
    const job = this.#job(action, filter, total);
    this.#jobs.set(job.about.id, job);
    void this.#run(job, [filter]);
    return show(job);
  }

  /** The newest first. */
  actions(workflow: string): Action[] {
    const ofWorkflow = [...this.#jobs.values()].filter(({ about }) => about.workflow === workflow);
    return ofWorkflow.map(show).toReversed();
  }

  /** Fails with `action.not_found`. */
  action(workflow: string, id: string): Action {
    return show(this.#find(workflow, id));
  }

  /** Fails with `action.not_found`. Work in progress is finished; an action that is over stays as it is. */
  stop(workflow: string, id: string): Action {
    const job = this.#find(workflow, id);
    job.stopping = true;
    return show(job);
  }

  /** Resolves when no work is running. Work that waits for the store stops waiting. */
  async close(): Promise<void> {
    this.#rests.end();
    await Promise.all(this.#working);
  }

  #find(workflow: string, id: string): Job {
    const job = this.#jobs.get(id);
    if (job?.about.workflow !== workflow) throw new Failure("action.not_found", { field: "action_id" });
    return job;
  }

  #checkRoom(): void {
    const running = [...this.#jobs.values()].filter(({ state }) => state === "running");
    if (running.length >= LIMITS.actions) throw new Failure("action.too_many");
  }

  #job(action: InstanceAction, filter: InstanceFilter, total: MatchCount = { count: 0, isExact: false }): Job {
    const { clock, ids } = this.#core;
    const about = { id: ids.uuid(), workflow: filter.workflow, action, filter, total, startedAt: clock.now() };
    return { about, refused: new Map(), state: "running", done: 0, endedAt: null, stopping: false };
  }

  #run(job: Job, filters: readonly InstanceFilter[]): Promise<void> {
    const work = this.#work(job, filters)
      .catch((cause: unknown) => {
        job.state = "failed";
        this.#core.log.error("A bulk action failed", { action: job.about.action, reason: String(cause) });
      })
      .finally(() => {
        job.endedAt = this.#core.clock.now();
        if (job.state === "running") job.state = job.stopping || this.#core.closing ? "stopped" : "done";
        this.#working.delete(work);
        this.#forgetOldest();
      });
    this.#working.add(work);
    return work;
  }

  #forgetOldest(): void {
    const over = [...this.#jobs].filter(([, { state }]) => state !== "running");
    for (const [id] of over.slice(0, Math.max(0, over.length - LIMITS.actionsKept))) this.#jobs.delete(id);
  }

  async #work(job: Job, filters: readonly InstanceFilter[]): Promise<void> {
    for (const filter of filters) {
      let after: Position | undefined;
      do {
        if (job.stopping || this.#core.closing) return;
        const page = { direction: "desc", limit: PAGE, ...(after && { after }) } as const;
        const found = await this.#persist(job, () => this.#core.store.search(filter, page));
        await Promise.all(found?.items.map((each) => this.#one(job, each)) ?? []);
        after = found?.next;
        await turn(this.#core.clock);
      } while (after !== undefined);
    }
  }

  async #one(job: Job, instance: InstanceSummary): Promise<void> {
    try {
      if ((await this.#persist(job, () => this.#perform(job.about.action, instance))) === true) job.done += 1;
    } catch (cause) {
      if (!(cause instanceof Failure)) throw cause;
      job.refused.set(cause.failure, (job.refused.get(cause.failure) ?? 0) + 1);
    }
  }

  /** Repeats what the store keeps from being done, until it is, or the action is over: undefined then. */
  async #persist<T>(job: Job, work: () => Promise<T>): Promise<T | undefined> {
    for (;;) {
      try {
        const result = await work();
        this.#outage.over();
        return result;
      } catch (cause) {
        if (!isStoreTrouble(cause)) throw cause;
        if (job.stopping || this.#core.closing) return undefined;
        await this.#rests.until(this.#outage.failed(cause));
      }
    }
  }

  /** True once it is done. */
  async #perform(action: InstanceAction, instance: InstanceSummary): Promise<true> {
    switch (action) {
      case "pause":
        await pause(this.#core, instance);
        return true;
      case "resume":
        await resume(this.#verbs, instance);
        return true;
      case "terminate":
        await terminate(this.#core, instance, false);
        return true;
      case "restart":
        await restart(this.#verbs, instance, undefined);
        return true;
      case "delete": {
        const [refusal] = await remove(this.#core, instance.workflow, [instance.id]);
        if (refusal !== undefined) throw refusal;
        return true;
      }
    }
  }
}

function show({ about, refused, state, done, endedAt }: Job): Action {
  return { ...about, state, done, refused: [...refused], endedAt };
}
