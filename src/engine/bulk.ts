/** Work on all instances of a workflow at once, in the background and in small batches: terminate all, delete all. */
import { Failure } from "../model/errors.ts";
import { INSTANCE_STATUSES, isFinal, type InstanceStatus } from "../model/status.ts";
import type { InstanceSummary, ListQuery } from "../ports/store.ts";
import { remove, terminate } from "./control.ts";
import type { Core } from "./core.ts";

const PAGE = 100;

export class Bulk {
  readonly #core: Core;
  /** Workflows whose instances are being terminated; one such job each. */
  readonly #terminating: Set<string> = new Set();
  readonly #jobs: Set<Promise<void>> = new Set();

  constructor(core: Core) {
    this.#core = core;
  }

  terminating(workflow: string): boolean {
    return this.#terminating.has(workflow);
  }

  terminateAll(workflow: string, status?: InstanceStatus): "ok" | "already_running" {
    if (this.#terminating.has(workflow)) return "already_running";
    this.#terminating.add(workflow);
    // What is rolling back ends by itself; to terminate it would be to cut that short.
    const unfinished = INSTANCE_STATUSES.filter((each) => !isFinal(each) && each !== "rollingBack");
    const statuses = status === undefined ? unfinished : [status];
    this.#start(async () => {
      try {
        for (const each of statuses) await this.#each({ workflow, status: each }, (page) => this.#terminatePage(page));
      } finally {
        this.#terminating.delete(workflow);
      }
    });
    return "ok";
  }

  removeAll(workflow: string): void {
    // What is created from now on belongs to a workflow of the same name that comes after this one.
    const createdTo = this.#core.clock.now();
    this.#start(() => this.#each({ workflow, createdTo }, (page) => this.#removePage(workflow, page)));
  }

  /** Resolves when no work is under way. */
  async quiet(): Promise<void> {
    await Promise.all(this.#jobs);
  }

  #start(work: () => Promise<void>): void {
    const job = work()
      .catch((cause: unknown) => this.#core.log.error("Work on all instances of a workflow failed", { reason: String(cause) }))
      .finally(() => this.#jobs.delete(job));
    this.#jobs.add(job);
  }

  /** Pages by position and not by what is left, so that an instance that cannot be changed is passed over once. */
  async #each(
    filter: Pick<ListQuery, "workflow" | "status" | "createdTo">,
    work: (page: InstanceSummary[]) => Promise<void>,
  ): Promise<void> {
    let after: { createdAt: number; pk: number } | undefined;
    while (!this.#core.closing) {
      const page = await this.#core.store.list({
        ...filter,
        direction: "asc",
        limit: PAGE,
        ...(after !== undefined && { after }),
      });
      const last = page.at(-1);
      if (last === undefined) return;
      after = { createdAt: last.createdAt, pk: last.pk };
      await work(page);
    }
  }

  async #terminatePage(page: readonly InstanceSummary[]): Promise<void> {
    await Promise.all(
      page.map(async (summary) => {
        try {
          await terminate(this.#core, summary, false);
        } catch (cause) {
          if (!(cause instanceof Failure)) throw cause;
        }
      }),
    );
  }

  async #removePage(workflow: string, page: readonly InstanceSummary[]): Promise<void> {
    await remove(
      this.#core,
      workflow,
      page.map(({ id }) => id),
    );
  }
}
