/** Holds the invariants against everything that happens in a simulation: what is on the disk, what user code does and sees. */
import { readRow } from "../../../src/engine/journal/row.ts";
import { encode } from "../../../src/model/values/value.ts";
import { holdsPlace, isFinal } from "../../../src/model/instance/status.ts";
import type { Batch, BatchResult, JournalRow } from "../../../src/ports/instances/commit.ts";
import type { Lease } from "../../../src/ports/instances/journal-store.ts";
import type { InstanceAddress } from "../../../src/engine/contract.ts";
import type { Agenda } from "../world/agenda.ts";
import { InstanceRecord } from "./record.ts";

/** What the world allows at most. */
export interface Allowed {
  readonly maxRunning: number;
  readonly limitOf: (workflow: string) => number;
}

/** Milliseconds within which what can go on has gone on, once nothing has failed for as long. */
export const LIVENESS_MS = 300_000;

/** How long after the last fault nothing takes longer than usual, in milliseconds. */
export const CALM_MS = 60_000;

/** So many events of one instance within a minute are a spin. */
const MOST_EVENTS = 2_000;

export class Checker {
  readonly violations: string[] = [];
  readonly records: Map<number, InstanceRecord> = new Map();
  /** Payloads of events that are durable, or were. */
  readonly payloads: Set<string> = new Set();
  /** The newest right to write that has been used. */
  lease: Lease | undefined;
  /** Operations that were acknowledged and checked. */
  checked = 0;
  /** Milliseconds of the agenda when something last failed on purpose, or was mended. */
  troubleAt = 0;
  /** True once a host's frames take long. */
  isLate = false;
  /** True once there have been two servers at a time: queues know no right to write. */
  isShared = false;
  /** When clocks were set back, in milliseconds of the agenda, and what they had shown. */
  readonly setBacks: { readonly at: number; readonly shownMs: number }[] = [];
  /** Instances that are being restarted, by how many clients, and workflows all of whose instances may be at any time. */
  readonly restarting: Map<string, number> = new Map();
  readonly #agenda: Agenda;
  readonly #allowed: Allowed;
  readonly #byAddress: Map<string, InstanceRecord> = new Map();
  readonly #counts: Map<number, { since: number; events: number }> = new Map();

  constructor(agenda: Agenda, allowed: Allowed) {
    this.#agenda = agenda;
    this.#allowed = allowed;
  }

  violated(what: string): void {
    this.violations.push(`${what} (at ${Math.round(this.#agenda.now)} ms)`);
  }

  expect(holds: boolean, what: () => string): void {
    this.checked += 1;
    if (!holds) this.violated(what());
  }

  find({ workflow, id }: InstanceAddress): InstanceRecord | undefined {
    return this.#byAddress.get(`${workflow} ${id}`);
  }

  /** True when there is such an instance, or was. */
  wasThere({ workflow, id }: InstanceAddress): boolean {
    return (
      this.#byAddress.has(`${workflow} ${id}`) ||
      this.records.values().some((each) => each.workflow === workflow && each.id === id)
    );
  }

  /** A commit is on the disk. */
  committed(batch: Batch, result: BatchResult, lease: Lease): void {
    if (this.lease !== undefined && lease.epoch < this.lease.epoch)
      this.violated("a commit of a process that has lost the lease");
    this.lease = lease;
    for (const [i, { summary, row }] of batch.creates.entries()) {
      const pk = result.created[i];
      if (typeof pk !== "number") continue;
      const record = new InstanceRecord(pk, summary.workflow, summary.id);
      this.records.set(pk, record);
      this.#byAddress.set(`${summary.workflow} ${summary.id}`, record);
      this.#add(record, row);
      this.#agree(record, summary.status);
    }
    for (const { pk, row, change } of batch.appends) {
      const record = this.records.get(pk);
      if (record === undefined) return this.violated(`a row of instance ${pk}, which does not exist`);
      this.#add(record, row);
      if (change !== undefined) this.#agree(record, change.to.status);
    }
    for (const pk of batch.removes) {
      const record = this.records.get(pk);
      if (record === undefined) continue;
      record.isGone = true;
      if (this.find(record) === record) this.#byAddress.delete(`${record.workflow} ${record.id}`);
    }
    this.#checkLimits();
  }

  /** A callback of user code is called; `isNewest` is false of a run that has not heard yet that another has taken over. */
  called(address: InstanceAddress, step: string, isNewest: boolean, scriptVersionId: string): void {
    const record = this.find(address);
    if (record === undefined || !isNewest) return;
    // The new life may be at work before it is durable.
    if (this.restarting.has(address.workflow) || this.restarting.has(`${address.workflow} ${address.id}`)) return;
    const pinned = record.versionId.replace("v", "s");
    this.expect(pinned === scriptVersionId, () => `${show(record)}: runs the code of ${scriptVersionId}, not of ${pinned}`);
    const undoes = step.startsWith("undo ") ? step.slice("undo ".length) : undefined;
    if (undoes === undefined)
      this.expect(record.steps.get(step)?.outcome === undefined, () => `${show(record)}: ${step} runs again though it is over`);
    else this.expect(!record.undone.has(undoes), () => `${show(record)}: ${undoes} is undone again`);
  }

  /** User code was given a result: it has to be durable. */
  saw(address: InstanceAddress, life: number, step: string, result: unknown): void {
    const record = this.find(address);
    if (record === undefined || record.life !== life || record.isUndoing) return;
    const outcome = record.steps.get(step)?.outcome;
    const value = result === undefined ? undefined : encode(result);
    this.expect(
      outcome?.is === "ok" && outcome.value === value,
      () => `${show(record)}: user code saw ${value} of ${step}, the disk has ${JSON.stringify(outcome)}`,
    );
  }

  sawError(address: InstanceAddress, life: number, step: string): void {
    const record = this.find(address);
    if (record === undefined || record.life !== life || record.isUndoing) return;
    const outcome = record.steps.get(step)?.outcome;
    this.expect(
      outcome?.is === "error",
      () => `${show(record)}: user code saw ${step} fail, the disk has ${JSON.stringify(outcome)}`,
    );
  }

  /** Nothing that could go on stands still. `wallMs` is what clocks show. */
  checkLiveness(wallMs: number): void {
    const { now } = this.#agenda;
    if (now < this.troubleAt + LIVENESS_MS) return;
    const living = [...this.records.values()].filter(({ isGone, status }) => !isGone && !isFinal(status));
    for (const record of living) {
      const at = record.goesOnAt();
      if (at === undefined || at > wallMs - LIVENESS_MS || now < record.progressAt + LIVENESS_MS) continue;
      if (record.status === "queued" && this.#isHeldBack(record, living)) continue;
      // One that waits does so for a place, too.
      if (record.status === "waiting" && this.#isHeldBack(record, living)) continue;
      this.violated(`${show(record)} could go on, and has not since ${Math.round(record.progressAt)} ms`);
    }
  }

  #isHeldBack({ workflow }: InstanceRecord, living: readonly InstanceRecord[]): boolean {
    const placed = living.filter(({ status }) => holdsPlace(status));
    const { maxRunning, limitOf } = this.#allowed;
    return placed.length >= maxRunning || placed.filter((each) => each.workflow === workflow).length >= limitOf(workflow);
  }

  #add(record: InstanceRecord, row: JournalRow): void {
    const { now } = this.#agenda;
    const events = readRow(row);
    record.progressAt = now;
    record.isCalm = !this.isLate && now > this.troubleAt + CALM_MS;
    record.shownSince = (since) =>
      this.setBacks.reduce((latest, { at, shownMs }) => (at >= since ? Math.max(latest, shownMs) : latest), -Infinity);
    for (const event of events) {
      const wrong = record.add(event, this.payloads);
      if (wrong !== undefined) this.violated(`${show(record)}: ${wrong}`);
    }
    const count = this.#counts.get(record.pk);
    if (count === undefined || now > count.since + 60_000) this.#counts.set(record.pk, { since: now, events: events.length });
    else if ((count.events += events.length) > MOST_EVENTS)
      this.violated(`${show(record)} spins: ${count.events} events in a minute`);
  }

  #agree(record: InstanceRecord, status: string): void {
    if (record.status !== status) this.violated(`${show(record)} is stored as ${status}, its events say ${record.status}`);
  }

  #checkLimits(): void {
    const { maxRunning, limitOf } = this.#allowed;
    const running = new Map<string, number>();
    let all = 0;
    for (const { workflow, status, isGone } of this.records.values()) {
      if (isGone || status !== "running") continue;
      all += 1;
      running.set(workflow, (running.get(workflow) ?? 0) + 1);
    }
    if (all > maxRunning) this.violated(`${all} instances run, ${maxRunning} may`);
    for (const [workflow, count] of running)
      if (count > limitOf(workflow)) this.violated(`${count} instances of ${workflow} run, ${limitOf(workflow)} may`);
  }
}

function show({ workflow, id, status }: InstanceRecord): string {
  return `${workflow}/${id} (${status})`;
}
