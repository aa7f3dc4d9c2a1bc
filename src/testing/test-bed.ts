/**
 * What stands behind the bindings of a test: which instances have been made, and what was arranged for them. It learns of
 * instances from the commits that make them, before they run.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Engine, InstanceAddress } from "../engine/contract.ts";
import { addressKey } from "../engine/state/live.ts";
import { Failure } from "../model/failures/failure.ts";
import type { Arrangement } from "../model/step/arrangement.ts";
import { encode } from "../model/values/value.ts";
import type { Store } from "../ports/store.ts";
import type { Batch, BatchResult } from "../ports/instances/commit.ts";
import type { Arrangements } from "../ports/arrangements.ts";
import { Modifier, type MockEvent } from "./modifier.ts";

/** An introspection of a workflow: what is arranged for its instances, and which there have been since. */
export interface Session {
  readonly modifier: Modifier;
  readonly ids: Set<string>;
}

export class TestBed {
  readonly arrangements: Arrangements = { of: (workflow, id) => this.#arrangedFor({ workflow, id }) };
  readonly #store: Store;
  readonly #sessions: Map<string, Session> = new Map();
  readonly #modifiers: Map<string, Modifier> = new Map();
  readonly #addresses: Map<number, InstanceAddress> = new Map();
  readonly #expected: Map<string, (() => void)[]> = new Map();
  readonly #stop: AbortController = new AbortController();
  #engine: Engine | undefined;

  constructor(store: Store) {
    this.#store = store;
    const commit = store.commit.bind(store);
    store.commit = async (batch, lease) => {
      const result = await commit(batch, lease);
      this.#committed(batch, result);
      return result;
    };
  }

  get engine(): Engine {
    if (this.#engine === undefined) throw new Error("The engine of the test is not open");
    return this.#engine;
  }

  /** Aborted when the engine of the test is closed. */
  get closed(): AbortSignal {
    return this.#stop.signal;
  }

  opened(engine: Engine): void {
    this.#engine = engine;
  }

  close(): void {
    this.#stop.abort();
    for (const key of this.#expected.keys()) this.#arrived(key);
  }

  /** Begins to introspect a workflow; undefined when it is being introspected already. */
  begin(workflow: string): Session | undefined {
    if (this.#sessions.has(workflow)) return undefined;
    const ids = new Set<string>();
    const announce = async (event: MockEvent): Promise<void> => {
      for (const id of ids) await this.#send({ workflow, id }, event);
    };
    const session: Session = { modifier: this.#newModifier(workflow, announce), ids };
    this.#sessions.set(workflow, session);
    return session;
  }

  end(workflow: string, session: Session): void {
    if (this.#sessions.get(workflow) === session) this.#sessions.delete(workflow);
  }

  /** What is arranged for one instance, which need not exist yet. */
  modifier(address: InstanceAddress): Modifier {
    const key = keyOf(address);
    const modifier = this.#modifiers.get(key) ?? this.#newModifier(address.workflow, (event) => this.#send(address, event));
    this.#modifiers.set(key, modifier);
    return modifier;
  }

  #newModifier(workflow: string, announced: (event: MockEvent) => Promise<void>): Modifier {
    return new Modifier({ changed: () => this.engine.arrangementsChanged(workflow), announced });
  }

  /** Deletes instances and what was arranged for them. Those that do not exist are passed over. */
  async dispose(workflow: string, ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#modifiers.delete(keyOf({ workflow, id }));
    if (ids.length > 0 && !this.closed.aborted) await this.engine.remove(workflow, ids);
  }

  /** Resolves when there is such an instance, or the engine has been closed. */
  async exists(address: InstanceAddress): Promise<void> {
    while (!this.closed.aborted && (await this.#store.find(address.workflow, address.id)) === undefined) {
      await new Promise<void>((resolve) => {
        const key = keyOf(address);
        this.#expected.set(key, [...(this.#expected.get(key) ?? []), resolve]);
      });
    }
  }

  #arrangedFor(address: InstanceAddress): readonly Arrangement[] {
    const session = this.#sessions.get(address.workflow);
    const own = this.#modifiers.get(keyOf(address));
    const modifiers = [own, session?.ids.has(address.id) === true ? session.modifier : undefined];
    return modifiers.flatMap((modifier) => modifier?.arrangement ?? []);
  }

  #committed({ creates, appends }: Batch, { created }: BatchResult): void {
    creates.forEach(({ summary: { workflow, id } }, i) => {
      const pk = created[i];
      if (typeof pk !== "number") return;
      this.#addresses.set(pk, { workflow, id });
      this.#sessions.get(workflow)?.ids.add(id);
      void this.#begun({ workflow, id });
    });
    for (const { pk, restart } of appends) {
      const address = this.#addresses.get(pk);
      if (restart === true && address !== undefined) void this.#begun(address);
    }
  }

  /** A life of an instance begins. The engine has yet to hear of it, so what it is to receive is sent a turn later. */
  async #begun(address: InstanceAddress): Promise<void> {
    await nextTurn();
    this.#arrived(keyOf(address));
    const session = this.#sessions.get(address.workflow);
    const events = [...(this.#modifiers.get(keyOf(address))?.events ?? [])];
    if (session?.ids.has(address.id) === true) events.push(...session.modifier.events);
    for (const event of events) await this.#send(address, event);
  }

  /** An instance that is not there gets its events when it is; one that has ended has no use for any. */
  async #send(address: InstanceAddress, { type, payload }: MockEvent): Promise<void> {
    try {
      await this.engine.sendEvent(address, type, encode(payload));
    } catch (cause) {
      const { failure } = cause as Partial<Failure>;
      if (failure !== "instance.not_found" && failure !== "instance.in_finite_state" && failure !== "shutting_down") throw cause;
    }
  }

  #arrived(key: string): void {
    for (const resolve of this.#expected.get(key) ?? []) resolve();
    this.#expected.delete(key);
  }
}

function keyOf({ workflow, id }: InstanceAddress): string {
  return addressKey(workflow, id);
}
