/** What clients ask of the server that is up, and what has to be true of each answer. */
import type { Engine, InstanceAddress } from "../../../src/engine/contract.ts";
import { Failure } from "../../../src/model/failures/failure.ts";
import { isStoreTrouble } from "../../../src/model/failures/store-error.ts";
import type { InstanceStatus } from "../../../src/model/instance/status.ts";
import type { StepKey } from "../../../src/model/step/step.ts";
import type { Happening } from "../plan.ts";
import type { InstanceRecord } from "../checks/record.ts";
import { EVENT_TYPE } from "../program.ts";
import { QUEUE } from "./queue-disk.ts";
import type { Server } from "./server.ts";
import { workflowName, type World } from "./world.ts";

/** Milliseconds within which a call is answered, while nothing fails. */
const ANSWER_MS = 120_000;

/** What a client may ask. */
type Call = Exclude<Happening, { readonly is: "disk" | "host" | "kill" | "freeze" | "close" | "clock" | "deploy" }>;

interface OpenCall {
  readonly what: string;
  readonly server: Server;
  readonly since: number;
}

export class Clients {
  readonly #world: World;
  readonly #open: Set<OpenCall> = new Set();
  /** Payloads of events that were acknowledged, and that were refused. */
  readonly acknowledged: Set<string> = new Set();
  readonly refused: Set<string> = new Set();
  #payloads = 0;

  constructor(world: World) {
    this.#world = world;
  }

  ask(server: Server, call: Call): void {
    const { engine } = server;
    if (engine === undefined || !server.isUp) return;
    const open: OpenCall = { what: call.is, server, since: this.#world.agenda.now };
    this.#open.add(open);
    server.call(async () => {
      try {
        await this.#ask(server, engine, call);
      } catch (cause) {
        // Refusals are answers, too. Anything else is not for a client to see.
        if (!(cause instanceof Failure) && !isStoreTrouble(cause))
          this.#world.checker.violated(`${call.is} failed with ${String(cause)}`);
      }
      this.#open.delete(open);
    });
  }

  /** Whether all calls have their answers: one that creates an instance may still be on its way. */
  get areAnswered(): boolean {
    return this.#open.size === 0;
  }

  /** No call is left without an answer. */
  check(): void {
    const { agenda, checker } = this.#world;
    for (const open of this.#open) {
      const since = Math.max(open.since, checker.troubleAt);
      if (open.server.owner.isDead || !open.server.isUp || open.server.owner !== this.#world.holder) this.#open.delete(open);
      else if (agenda.now > since + ANSWER_MS) {
        checker.violated(`${open.what} was not answered within ${ANSWER_MS} ms`);
        this.#open.delete(open);
      }
    }
  }

  /** What was acknowledged is there, what was refused is not. */
  checkEvents(): void {
    const { checker } = this.#world;
    for (const payload of this.acknowledged)
      checker.expect(checker.payloads.has(payload), () => `the event ${payload} was acknowledged and is lost`);
    for (const payload of this.refused)
      checker.expect(!checker.payloads.has(payload), () => `the event ${payload} was refused and is there`);
  }

  async #ask(server: Server, engine: Engine, call: Call): Promise<void> {
    if (call.is === "create")
      return this.#create(engine, { workflow: workflowName(call.workflow), id: `i${call.id}` }, call.keptMs);
    if (call.is === "send") return this.#send(server, call);
    if (call.is === "act") {
      const workflow = workflowName(call.workflow);
      if (call.action === "restart") this.#world.checker.restarting.set(workflow, 1);
      if (call.action === "delete") this.#world.retention.removesAll(workflow);
      return void (await engine.startBulkAction(call.action, { workflow }));
    }
    const record = this.#choose(call.which);
    if (record === undefined) return;
    const { workflow, id } = record;
    const address = { workflow, id };
    switch (call.is) {
      case "sendEvent":
        return this.sendEvent(engine, address);
      case "pause":
        return this.#change(server, record, engine.pause(address));
      case "resume":
        return this.#change(server, record, engine.resume(address));
      case "terminate":
        return this.#change(server, record, engine.terminate(address));
      case "undo":
        return this.#change(server, record, engine.terminate(address, { rollback: true }));
      case "restart":
        return this.#restart(engine, record);
      case "restartFrom":
        return this.#restart(engine, record, this.#stepKey(record, call.step));
      case "remove":
        return this.#remove(engine, record);
      case "skipDelay": {
        const { steps } = await engine.waits(address);
        const first = steps.find(({ type }) => type !== "waitForEvent");
        if (first === undefined) return;
        const [, name = "", count = "1"] = /^(.*)-(\d+)$/s.exec(first.name) ?? [];
        return engine.skipDelay(address, { kind: first.type === "sleep" ? "sleep" : "do", name, count: Number(count) });
      }
      case "read":
        return this.#read(server, engine, record);
    }
  }

  async sendEvent(engine: Engine, address: InstanceAddress): Promise<void> {
    this.#payloads += 1;
    const payload = JSON.stringify(`event ${this.#payloads}`);
    const record = this.#world.checker.find(address);
    const life = record?.life;
    try {
      await engine.sendEvent(address, EVENT_TYPE, payload);
      const isThere = this.#world.checker.payloads.has(payload);
      // What a restart makes void, or a deletion, need not have been written.
      const isVoid = record?.life !== life || record?.isGone === true;
      this.#world.checker.expect(isThere || isVoid, () => `the event ${payload} was acknowledged and is not on the disk`);
      if (isThere) this.acknowledged.add(payload);
    } catch (cause) {
      // Where the store is in trouble, or the server ends, it may be there all the same.
      if (cause instanceof Failure && cause.failure !== "shutting_down" && !isStoreTrouble(cause)) this.refused.add(payload);
      throw cause;
    }
  }

  async #send({ queues }: Server, { orders, delaySeconds }: Extract<Call, { is: "send" }>): Promise<void> {
    const messages = this.#world.around?.messages;
    if (queues === undefined || messages === undefined) return;
    const before = messages.size;
    const sent = orders.map((order) => ({ contentType: "json" as const, body: JSON.stringify(order) }));
    await queues.send(QUEUE, sent, delaySeconds);
    messages.sent(before, orders.length);
  }

  async #create(engine: Engine, address: InstanceAddress, keptMs?: number | null): Promise<void> {
    const { checker } = this.#world;
    const before = checker.find(address);
    const retention = typeof keptMs === "number" ? { successMs: keptMs, errorMs: keptMs * 2 } : undefined;
    const [made] = await engine.create(address.workflow, [{ id: address.id, ...(retention && { retention }) }], "api");
    const after = checker.find(address);
    if (made instanceof Failure) {
      if (made.failure === "instance.already_exists")
        checker.expect(
          before !== undefined || after !== undefined || checker.wasThere(address),
          () => `${address.id} was said to exist`,
        );
      return;
    }
    checker.expect(
      [...checker.records.values()].some(({ pk }) => pk === made?.pk),
      () => `${address.id} was acknowledged and is not on the disk`,
    );
  }

  async #change(server: Server, record: InstanceRecord, change: Promise<InstanceStatus>): Promise<void> {
    const { checker } = this.#world;
    const { life } = record;
    const before = record.statuses.length;
    const status = await change;
    // What a deletion or a restart makes void need not have been written; and a server that has lost the right to write, and has had
    // nothing to write since, knows nothing of that.
    if (record.isGone || record.life !== life || this.#world.holder !== server.owner) return;
    const seen = record.statuses.slice(Math.max(0, before - 1));
    checker.expect(seen.includes(status), () => `${record.id} was said to be ${status}; it has been ${seen.join(", ")}`);
  }

  async #restart(engine: Engine, record: InstanceRecord, from?: StepKey): Promise<void> {
    const { life, workflow, id } = record;
    const { restarting } = this.#world.checker;
    const key = `${workflow} ${id}`;
    restarting.set(key, (restarting.get(key) ?? 0) + 1);
    // One that was refused, or lost its answer, may not have begun a life; it is not counted as over, for it may have.
    await engine.restart({ workflow, id }, from);
    restarting.set(key, (restarting.get(key) ?? 0) - 1);
    if (restarting.get(key) === 0) restarting.delete(key);
    this.#world.checker.expect(record.isGone || record.life > life, () => `the restart of ${record.id} is not on the disk`);
  }

  async #remove(engine: Engine, { workflow, id, pk }: InstanceRecord): Promise<void> {
    const [failure] = await this.#world.retention.removing({ workflow, id }, engine.remove(workflow, [id]));
    if (failure !== undefined) return;
    const isGone = this.#world.checker.records.get(pk)?.isGone === true;
    this.#world.checker.expect(isGone, () => `${id} was said to be deleted, and is not`);
  }

  /** Each event that is shown is on the disk. */
  async #read(server: Server, engine: Engine, record: InstanceRecord): Promise<void> {
    const { checker } = this.#world;
    const address = { workflow: record.workflow, id: record.id };
    const since = record.statuses.length;
    const summary = await engine.summary(address);
    if (this.#world.holder !== server.owner) return;
    if (summary.pk === record.pk) {
      const seen = record.statuses.slice(Math.max(0, since - 1));
      checker.expect(
        seen.includes(summary.status),
        () => `${record.id} is shown as ${summary.status}; it has been ${seen.join(", ")}`,
      );
    }
    for await (const events of engine.history(address))
      for (const { eventId, type } of events) {
        const known = checker.find(address)?.events.get(eventId) ?? record.events.get(eventId);
        checker.expect(known?.type === type, () => `${record.id} shows ${type}, which is not on the disk`);
      }
  }

  #choose(which: number): InstanceRecord | undefined {
    const there = [...this.#world.checker.records.values()].filter(({ isGone }) => !isGone);
    return there[which % Math.max(1, there.length)];
  }

  #stepKey(record: InstanceRecord, index: number): StepKey {
    const keys = [...record.steps.keys()].filter((key) => record.steps.get(key)?.kind === "do");
    const [, name = "none", count = "1"] = /^(.*)-(\d+)$/s.exec(keys[index % Math.max(1, keys.length)] ?? "") ?? [];
    return { kind: "do", name, count: Number(count) };
  }
}
