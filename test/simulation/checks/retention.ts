/** What has ended is kept as long as it says, whatever fails meanwhile, and is deleted soon afterwards. */
import { LIMITS } from "../../../src/model/limits.ts";
import { isFinal } from "../../../src/model/instance/status.ts";
import type { Batch } from "../../../src/ports/instances/commit.ts";
import type { InstanceAddress } from "../../../src/engine/contract.ts";
import type { Agenda } from "../world/agenda.ts";
import { LIVENESS_MS, type Checker } from "./checker.ts";
import type { InstanceRecord } from "./record.ts";

export class RetentionChecks {
  readonly #agenda: Agenda;
  readonly #checker: Checker;
  /** Epoch milliseconds. */
  readonly #wallMs: () => number;
  /** Instances, and workflows all of whose instances, are being deleted by clients. */
  readonly #removing: Map<string, number> = new Map();

  constructor(agenda: Agenda, checker: Checker, wallMs: () => number) {
    this.#agenda = agenda;
    this.#checker = checker;
    this.#wallMs = wallMs;
  }

  /** Clients have asked for all instances of a workflow to be deleted, which servers do at their leisure. */
  removesAll(workflow: string): void {
    this.#removing.set(workflow, 1);
  }

  /** A client deletes an instance. One that gets no answer may be carried out later. */
  async removing<T>({ workflow, id }: InstanceAddress, removal: Promise<T>): Promise<T> {
    const key = `${workflow} ${id}`;
    this.#removing.set(key, (this.#removing.get(key) ?? 0) + 1);
    const result = await removal;
    this.#removing.set(key, (this.#removing.get(key) ?? 0) - 1);
    return result;
  }

  /** A commit is about to be on the disk. */
  committing({ removes }: Batch): void {
    for (const pk of removes) {
      const record = this.#checker.records.get(pk);
      if (record === undefined || record.isGone || this.#isRemoved(record)) continue;
      const dueAt = keptUntil(record);
      const shownMs = Math.max(this.#wallMs(), ...this.#checker.setBacks.map(({ shownMs: each }) => each));
      this.#checker.expect(
        dueAt !== undefined && dueAt <= shownMs,
        () =>
          `${name(record)} is deleted, which is ${record.status} and kept ${dueAt === undefined ? "" : `${dueAt - shownMs} ms longer`}`,
      );
    }
  }

  checkLiveness(): void {
    const { now } = this.#agenda;
    if (now < this.#checker.troubleAt + LIVENESS_MS) return;
    for (const record of this.#checker.records.values()) {
      const dueAt = record.isGone ? undefined : keptUntil(record);
      if (dueAt === undefined || dueAt > this.#wallMs() - LIVENESS_MS || now < record.progressAt + LIVENESS_MS) continue;
      this.#checker.violated(`${name(record)} is past its retention, and is still there`);
    }
  }

  /** True when all that was given a retention of its own, and has ended, is deleted. */
  get areGone(): boolean {
    return this.#checker.records
      .values()
      .every(({ isGone, status, retention }) => isGone || !isFinal(status) || retention.successMs === undefined);
  }

  #isRemoved({ workflow, id }: InstanceRecord): boolean {
    return this.#removing.has(workflow) || (this.#removing.get(`${workflow} ${id}`) ?? 0) > 0;
  }
}

/** Epoch milliseconds; undefined while it has not ended. */
function keptUntil({ status, endedAt, retention }: InstanceRecord): number | undefined {
  if (!isFinal(status)) return undefined;
  return endedAt + ((status === "complete" ? retention.successMs : retention.errorMs) ?? LIMITS.defaultRetentionMs);
}

function name({ workflow, id }: InstanceRecord): string {
  return `${workflow}/${id}`;
}
