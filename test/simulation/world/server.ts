/** One life of a server in a simulation: an engine over the simulated disk and the simulated hosts, with the real clock's code. */
import type { Engine, InstanceAddress } from "../../../src/engine/contract.ts";
import { openEngine } from "../../../src/engine/open.ts";
import type { EngineSettings } from "../../../src/engine/state/settings.ts";
import type { Live } from "../../../src/engine/state/live.ts";
import type { Catalog } from "../../../src/ports/catalog/catalog.ts";
import type { WorkflowStep } from "../../../src/runtime/cloudflare/workers.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { Hosts } from "../../../src/workers/hosts/hosts.ts";
import { Owner, type Agenda } from "./agenda.ts";
import type { Checker } from "../checks/checker.ts";
import type { Disk } from "./disk.ts";
import type { SimulatedHost } from "./host.ts";
import { SimulatedHosts } from "./hosts.ts";
import { Performance, type Program } from "../program.ts";
import type { Random } from "../../support/random.ts";

/** What all servers of a simulation share. */
export interface World {
  readonly agenda: Agenda;
  readonly random: Random;
  readonly disk: Disk;
  readonly catalog: Catalog;
  readonly checker: Checker;
  readonly programs: readonly Program[];
  readonly settings: Partial<EngineSettings>;
  readonly linkMs: number;
  /** Epoch milliseconds, as clocks show them. */
  readonly wallMs: () => number;
  /** How often each callback has been called, by instance and step. */
  readonly calls: Map<string, number>;
  /** The host in which each instance has last been begun: to one before it the order to stop may be on its way. */
  readonly begunIn: Map<string, SimulatedHost>;
  /** How many hosts have ended of which their runs may be to blame. */
  lostHosts: number;
  /** The server that has the right to write. */
  holder: Owner | undefined;
}

/** The workflows of a simulation, one a program. */
export const workflowName = (index: number): string => `Flow${index}`;

export class Server {
  readonly owner: Owner;
  readonly hosts: SimulatedHosts;
  readonly #world: World;
  readonly #clients: ReturnType<Agenda["channel"]>;
  engine: Engine | undefined;
  /** Why it has stopped by itself. */
  stopped: string | undefined;

  constructor(world: World, name: string) {
    this.#world = world;
    this.owner = new Owner(name);
    this.#clients = world.agenda.channel(this.owner);
    this.hosts = new SimulatedHosts(
      {
        agenda: world.agenda,
        random: world.random,
        latencyMs: world.linkMs,
        wallMs: world.wallMs,
        script: ({ id }, host) => ({
          classes: Object.fromEntries(world.programs.map((program, i) => [workflowName(i), this.#classOf(program, host, id)])),
          handlers: {},
        }),
        lifeOf: (workflow, id) => world.checker.find({ workflow, id })?.life ?? 0,
        lost: () => (world.lostHosts += 1),
        violated: (what) => world.checker.violated(what),
      },
      this.owner,
    );
  }

  /** Begins to open; `engine` is there when it is open. */
  open(): void {
    const { disk, catalog, settings, random } = this.#world;
    this.call(async () => {
      const store = disk.connect(this.owner);
      const hosts = new Hosts<Live>({ executor: this.hosts, clock: systemClock });
      const ids = { uuid: () => `id-${random.upTo(1e9)}` };
      const engine = await openEngine({ store, catalog, hosts, clock: systemClock, ids, settings });
      void engine.ended.then(({ failure }) => (this.stopped = failure));
      engine.start();
      this.engine = engine;
    });
  }

  /** A request arrives: done as work of the server. */
  call(work: () => Promise<void>): void {
    this.#clients.post(() => {
      work().catch((cause: unknown) => this.#world.checker.violated(`A call failed: ${String(cause)}`));
    }, this.#world.random.next() * 2);
  }

  async kill(): Promise<void> {
    this.owner.die();
    await this.#world.disk.cutOff(this.owner);
  }

  get isUp(): boolean {
    return this.engine !== undefined && this.stopped === undefined && !this.owner.isDead;
  }

  /** The class of a workflow, as one host has it. */
  #classOf(
    program: Program,
    host: SimulatedHost,
    scriptVersionId: string,
  ): new () => { run(event: unknown, step: WorkflowStep): Promise<unknown> } {
    const { calls, checker } = this.#world;
    const world = this.#world;
    return class {
      async run(event: unknown, step: WorkflowStep): Promise<unknown> {
        const { workflowName: workflow, instanceId: id } = event as { workflowName: string; instanceId: string };
        const address: InstanceAddress = { workflow, id };
        let isOver = false;
        const life = host.lives.get(`${workflow} ${id}`) ?? 0;
        world.begunIn.set(`${workflow} ${id}`, host);
        const performance = new Performance(step, {
          called: (step) => {
            const isNewest = world.holder === host.server && world.begunIn.get(`${workflow} ${id}`) === host;
            checker.called(address, step, isNewest, scriptVersionId);
            const key = `${workflow} ${id} ${step}`;
            const before = calls.get(key) ?? 0;
            calls.set(key, before + 1);
            return before;
          },
          throws: (step) => {
            const key = `${workflow} ${id} ${step} throws`;
            const before = calls.get(key) ?? 0;
            calls.set(key, before + 1);
            return before;
          },
          thrown: (step) => calls.get(`${workflow} ${id} ${step} throws`) ?? 0,
          rest: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
          // Branches that are left behind when the run has ended are given whatever there is.
          saw: (step, result) => isOver || checker.saw(address, life, step, result),
          sawError: (step) => isOver || checker.sawError(address, life, step),
        });
        try {
          return await performance.all(program);
        } finally {
          isOver = true;
        }
      }
    };
  }
}
