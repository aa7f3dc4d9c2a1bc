/** One life of a server in a simulation: an engine over the simulated disk and the simulated hosts, with the real clock's code. */
import { bindingHandler } from "../../../src/api/binding/workflow.ts";
import { answeredBy } from "../../../src/bindings/answer.ts";
import type { Engine } from "../../../src/engine/contract.ts";
import { openEngine } from "../../../src/engine/open.ts";
import type { Live } from "../../../src/engine/state/live.ts";
import { silentLog } from "../../../src/noop/log.ts";
import { Queues } from "../../../src/queues/queues.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { CronTriggers } from "../../../src/workers/crons/cron.ts";
import { BindingRegistry } from "../../../src/workers/hosts/binding-registry.ts";
import { HostCalls } from "../../../src/workers/hosts/calls.ts";
import { Hosts } from "../../../src/workers/hosts/hosts.ts";
import { Owner, type Agenda } from "./agenda.ts";
import { SimulatedHosts } from "./hosts.ts";
import { scriptOf } from "./script.ts";
import type { World } from "./world.ts";

export class Server {
  readonly owner: Owner;
  readonly hosts: SimulatedHosts;
  readonly #world: World;
  readonly #clients: ReturnType<Agenda["channel"]>;
  engine: Engine | undefined;
  queues: Queues | undefined;
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
        script: (version, host) => scriptOf(world, version, host),
        lifeOf: (workflow, id) => world.checker.find({ workflow, id })?.life ?? 0,
        lost: () => (world.lostHosts += 1),
        violated: (what) => world.checker.violated(what),
      },
      this.owner,
    );
  }

  /** Begins to open; `engine` is there when it is open. */
  open(): void {
    const { disk, around, settings, random, timetable } = this.#world;
    const clock = systemClock;
    this.call(async () => {
      const store = disk.connect(this.owner);
      const followed = async (...[entry, to]: Parameters<typeof timetable.followed>): Promise<void> =>
        timetable.followed(entry, to);
      const catalog = around === undefined ? this.#world.catalog : disk.connectCatalog(this.owner, this.#world.catalog, followed);
      const bindings = new BindingRegistry();
      const hosts = new Hosts<Live>({ executor: this.hosts, clock, bindings });
      const calls = new HostCalls({ hosts, catalog, clock, log: silentLog });
      const followCron = new CronTriggers({ catalog, log: silentLog }).follow(calls);
      const ids = { uuid: () => `id-${random.upTo(1e9)}` };
      const engine = await openEngine({ store, catalog, hosts, clock, ids, settings, followCron });
      if (around !== undefined) {
        const { queueDisk, messages } = around;
        const parts = { store: queueDisk.connect(this.owner), calls: messages.watching(calls, this.owner) };
        this.queues = await Queues.open({ ...parts, clock, log: silentLog, catalog, ids });
      }
      bindings.register((host) => answeredBy({ workflow: bindingHandler(engine, host) }));
      void engine.ended.then(({ failure }) => (this.stopped = failure));
      engine.start();
      this.queues?.start();
      this.engine = engine;
    });
  }

  /** A request arrives: done as work of the server. */
  call(work: () => Promise<void>): void {
    this.#clients.post(() => {
      work().catch((cause: unknown) => this.#world.checker.violated(`A call failed: ${String(cause)}`));
    }, this.#world.random.next() * 2);
  }

  /** Closes it, as when it is asked to end. */
  async close(drainMs?: number): Promise<void> {
    await this.engine?.close(drainMs);
    await this.queues?.close();
  }

  async kill(): Promise<void> {
    this.owner.die();
    await this.#world.disk.cutOff(this.owner);
  }

  get isUp(): boolean {
    return this.engine !== undefined && this.stopped === undefined && !this.owner.isDead;
  }
}
