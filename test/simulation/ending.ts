/** The end of a simulation: nothing fails any more, so everything has to end, and then the server does nothing. */
import { LIMITS } from "../../src/model/limits.ts";
import { isFinal } from "../../src/model/instance/status.ts";
import type { InstanceRecord } from "./checks/record.ts";
import { LIVENESS_MS } from "./checks/checker.ts";
import type { Owner } from "./world/agenda.ts";
import type { Clients } from "./world/clients.ts";
import type { Deployments } from "./world/deployments.ts";
import { EVENT_TYPE, returns } from "./program.ts";
import type { Server } from "./world/server.ts";
import type { World } from "./world/world.ts";

/** How long everything may take to end once nothing fails any more, in milliseconds. */
const LAST_MS = 6 * 3_600_000;

/** How often instances are helped on then, in milliseconds. */
const HELP_MS = 60_000;

/** How long a server without work is watched, and how many steps it may take in that time. */
const IDLE_MS = 120_000;
const IDLE_STEPS = 2_500;

/** What it ends. */
export interface EndingParts {
  readonly world: World;
  readonly clients: Clients;
  readonly deployments: Deployments;
  readonly outside: Owner;
  readonly servers: readonly Server[];
  /** The one that is up. */
  readonly server: () => Server | undefined;
  /** Goes on until it is so, or something is violated. */
  readonly live: (isOver: () => boolean) => Promise<void>;
}

export class Ending {
  readonly #parts: EndingParts;
  readonly #world: World;

  constructor(parts: EndingParts) {
    this.#parts = parts;
    this.#world = parts.world;
  }

  async finish(): Promise<void> {
    const { clients, deployments, outside, live } = this.#parts;
    const { agenda, checker, disk, around } = this.#world;
    disk.mend();
    const help = (): void => {
      this.#help();
      agenda.timer(HELP_MS, help, outside);
    };
    agenda.timer(0, help, outside);
    if (around !== undefined) {
      const calmAt = Math.max(agenda.now, checker.troubleAt) + LIVENESS_MS + HELP_MS;
      await live(() => agenda.now > calmAt);
      await deployments.end();
    }
    const endsAt = agenda.now + LAST_MS;
    await live(() => this.#isOver() || agenda.now > endsAt);
    if (checker.violations.length > 0) return;
    for (const record of this.#living()) checker.violated(`${record.workflow}/${record.id} never ends: it is ${record.status}`);
    const left = around?.messages.left ?? 0;
    checker.expect(left === 0, () => `${left} messages are never delivered`);
    this.#checkEnds();
    clients.checkEvents();
    await live(() => this.#world.retention.areGone);
    await this.#checkIdle();
  }

  /** Resumes what is paused, and sends events to what waits for one. */
  #help(): void {
    const server = this.#parts.server();
    const engine = server?.engine;
    if (server === undefined || engine === undefined || !server.isUp) return;
    for (const { workflow, id, status, steps } of this.#living()) {
      const address = { workflow, id };
      const waits = [...steps.values()].filter(({ eventType, outcome }) => eventType === EVENT_TYPE && outcome === undefined);
      if (status === "paused") server.call(async () => void (await engine.resume(address).catch(() => {})));
      for (const _ of waits) server.call(() => this.#parts.clients.sendEvent(engine, address).catch(() => {}));
    }
  }

  #living(): InstanceRecord[] {
    return [...this.#world.checker.records.values()].filter(({ isGone, status }) => !isGone && !isFinal(status));
  }

  #isOver(): boolean {
    const left = this.#world.around?.messages.left ?? 0;
    const { clients, server } = this.#parts;
    return clients.areAnswered && this.#living().length === 0 && left === 0 && server()?.isUp === true;
  }

  /** Each instance has ended as its program says. */
  #checkEnds(): void {
    const { lostHosts, checker, programs } = this.#world;
    for (const { workflow, id, status, isGone, endError } of checker.records.values()) {
      if (isGone || status === "terminated") continue;
      const program = programs[Number(workflow.slice("Flow".length))] ?? [];
      const expected = returns(program) ? "complete" : "errored";
      if (lostHosts > LIMITS.recoveries && endError?.startsWith("WorkflowInternalError") === true) continue;
      checker.expect(status === expected, () => `${workflow}/${id} is ${status}, not ${expected}: ${endError}`);
    }
  }

  /** A server that has nothing to do does next to nothing, and leaves nothing behind when it is closed. */
  async #checkIdle(): Promise<void> {
    const { servers, live } = this.#parts;
    const { agenda, checker } = this.#world;
    const server = this.#parts.server();
    if (server?.engine === undefined || checker.violations.length > 0) return;
    // One that stood still while another took over learns of it when it has something to write.
    for (const other of servers) if (other !== server) await other.kill();
    const { steps } = agenda;
    const until = agenda.now + IDLE_MS;
    await live(() => agenda.now > until);
    const taken = agenda.steps - steps;
    checker.expect(taken < IDLE_STEPS, () => `a server without work took ${taken} steps in ${IDLE_MS} ms`);
    // It has learned that another has taken over.
    if (this.#parts.server() !== server) return;
    let isClosed = false;
    server.call(async () => {
      await server.close();
      isClosed = true;
    });
    const closedBy = agenda.now + 60_000;
    await live(() => isClosed || agenda.now > closedBy);
    checker.expect(isClosed, () => "the server does not close");
    const left = agenda.timersOf(server.owner);
    checker.expect(left === 0, () => `a closed server has left ${left} timers`);
  }
}
