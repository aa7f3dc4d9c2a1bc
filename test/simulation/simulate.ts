/** Runs one plan from beginning to end, and says what was violated. */
import { sqliteCatalog } from "../../src/stores/sqlite/catalog/catalog.ts";
import { connectReader } from "../../src/stores/sqlite/connection/database.ts";
import { migrate } from "../../src/stores/sqlite/connection/migrate.ts";
import type { Catalog } from "../../src/ports/catalog/catalog.ts";
import { Agenda, Owner } from "./world/agenda.ts";
import { Checker } from "./checks/checker.ts";
import { Clients } from "./world/clients.ts";
import { Disk } from "./world/disk.ts";
import { inSimulatedTime } from "./world/globals.ts";
import { Deployments } from "./world/deployments.ts";
import type { SimulatedHost } from "./world/host.ts";
import { kindOf, type Around, type Happening, type Plan } from "./plan.ts";
import { Random } from "../support/random.ts";
import { MessageChecks } from "./checks/messages.ts";
import { RetentionChecks } from "./checks/retention.ts";
import { TimetableChecks } from "./checks/timetable.ts";
import { Ending } from "./ending.ts";
import { QueueDisk, type KeptMessage } from "./world/queue-disk.ts";
import { Server } from "./world/server.ts";
import type { World } from "./world/world.ts";

/** When a simulation begins, in epoch milliseconds. */
const START = Date.UTC(2026, 0, 1);

/** How long a server may take to stop that has lost the right to write, in milliseconds. */
const STOP_MS = 60_000;

/** What came of a simulation. */
export interface Outcome {
  readonly violations: readonly string[];
  /** Answers, results and calls of user code that were held against the disk. */
  readonly checked: number;
  readonly steps: number;
  readonly instances: number;
}

export function simulate(plan: Plan): Promise<Outcome> {
  const random = new Random(plan.order);
  const agenda = new Agenda(random);
  const clock = { skewMs: 0 };
  const wallMs = (): number => Math.floor(START + agenda.now + clock.skewMs);
  const database = connectReader(":memory:");
  migrate(database, ":memory:");
  const catalog = sqliteCatalog(database);
  return inSimulatedTime(agenda, wallMs, async () =>
    new Simulation({ plan, random, agenda, clock, wallMs, catalog }).run(),
  ).finally(() => database.close());
}

interface SimulationParts {
  readonly plan: Plan;
  readonly random: Random;
  readonly agenda: Agenda;
  readonly clock: { skewMs: number };
  readonly wallMs: () => number;
  readonly catalog: Catalog;
}

class Simulation {
  readonly #plan: Plan;
  readonly #world: World;
  readonly #checker: Checker;
  readonly #clients: Clients;
  readonly #deployments: Deployments;
  readonly #ending: Ending;
  readonly #agenda: Agenda;
  readonly #clock: { skewMs: number };
  readonly #outside: Owner = new Owner("outside");
  #server: Server | undefined;
  readonly #servers: Server[] = [];
  /** When processes were first refused because they had lost the right to write. */
  readonly #fenced: Map<Owner, number> = new Map();
  readonly #happenings: Plan["happenings"];
  #isDone = false;

  constructor({ plan, random, agenda, clock, wallMs, catalog }: SimulationParts) {
    this.#plan = plan;
    const { leavesOut = [], happenings } = plan;
    this.#happenings = happenings.filter((each) => !leavesOut.includes(kindOf(each)));
    this.#agenda = agenda;
    this.#clock = clock;
    const { limit, ...settings } = plan.settings;
    this.#checker = new Checker(agenda, { maxRunning: settings.maxRunning, limitOf: () => limit ?? Infinity });
    const timetable = new TimetableChecks(agenda, this.#checker, wallMs);
    const retention = new RetentionChecks(agenda, this.#checker, wallMs);
    const disk = new Disk({
      agenda,
      random,
      latencyMs: plan.latency.diskMs,
      committed: (batch, result, lease) => {
        retention.committing(batch);
        this.#checker.committed(batch, result, lease);
        timetable.committed(batch, result);
      },
      acquired: (owner) => (this.#world.holder = owner),
      refused: (cause) => this.#checker.violated(`a commit that no store can make: ${String(cause)}`),
      fenced: (owner) => {
        if (!this.#fenced.has(owner)) this.#fenced.set(owner, agenda.now);
      },
    });
    const begunIn = new Map<string, SimulatedHost>();
    const shared = { calls: new Map<string, number>(), begunIn, lostHosts: 0, holder: undefined };
    const { programs, latency } = plan;
    this.#world = {
      agenda,
      random,
      disk,
      catalog,
      checker: this.#checker,
      timetable,
      retention,
      around: plan.around && { ...plan.around, ...this.#queue(plan.around, disk, wallMs) },
      programs,
      settings,
      linkMs: latency.linkMs,
      wallMs,
      ...shared,
    };
    this.#clients = new Clients(this.#world);
    this.#deployments = new Deployments(this.#world, plan);
    this.#ending = new Ending({
      world: this.#world,
      clients: this.#clients,
      deployments: this.#deployments,
      outside: this.#outside,
      servers: this.#servers,
      server: () => this.#server,
      live: (isOver) => this.#live(isOver),
    });
  }

  async run(): Promise<Outcome> {
    for (const index of this.#plan.programs.keys()) await this.#deployments.deploy(index);
    this.#open();
    this.#schedule(0);
    await this.#live(() => this.#isDone);
    await this.#ending.finish();
    const { violations, checked, records } = this.#checker;
    return { violations, checked, steps: this.#agenda.steps, instances: records.size };
  }

  #queue({ queue }: Around, disk: Disk, wallMs: () => number): { queueDisk: QueueDisk; messages: MessageChecks } {
    const kept = (): Iterable<KeptMessage> => queueDisk.messages.values();
    const messages = new MessageChecks(this.#checker, { agenda: this.#agenda, wallMs, maxRetries: queue.maxRetries, kept });
    const queueDisk: QueueDisk = new QueueDisk(disk, this.#agenda, messages, queue);
    return { queueDisk, messages };
  }

  /** Goes on until `isOver`, or until something is violated, or nothing is left to do. */
  async #live(isOver: () => boolean): Promise<void> {
    let checkedAt = this.#agenda.now;
    while (!isOver() && this.#checker.violations.length === 0) {
      const isLeft = await this.#agenda.step().catch((cause: unknown) => {
        this.#checker.violated(String(cause));
        return false;
      });
      if (!isLeft) return;
      if (this.#server?.stopped !== undefined) await this.#replaceStopped(this.#server);
      if (this.#agenda.now < checkedAt + 10_000) continue;
      checkedAt = this.#agenda.now;
      this.#clients.check();
      this.#checkFenced();
      this.#checker.checkLiveness(this.#world.wallMs());
      this.#world.timetable.checkLiveness();
      this.#world.retention.checkLiveness();
      this.#world.around?.messages.checkLiveness();
    }
  }

  /** A server that has learned that it has lost the right to write stops. */
  #checkFenced(): void {
    for (const { owner, stopped } of this.#servers) {
      const since = this.#fenced.get(owner);
      if (since === undefined || stopped !== undefined || owner.isDead || owner.frozenUntil > since) continue;
      if (this.#agenda.now > since + STOP_MS) this.#checker.violated(`${owner.name} goes on though another has taken over`);
    }
  }

  #open(): void {
    this.#trouble();
    this.#server = new Server(this.#world, `server ${this.#servers.length + 1}`);
    this.#servers.push(this.#server);
    this.#server.open();
  }

  /** A server that has stopped by itself is started again by its operator. */
  async #replaceStopped(server: Server): Promise<void> {
    await server.kill();
    if (this.#server === server) this.#open();
  }

  #schedule(index: number): void {
    const next = this.#happenings[index];
    if (next === undefined) {
      this.#isDone = true;
      return;
    }
    this.#agenda.timer(
      next.afterMs * (this.#plan.pace ?? 1),
      () => void this.#happen(next).then(() => this.#schedule(index + 1)),
      this.#outside,
    );
  }

  async #happen(happening: Happening): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    switch (happening.is) {
      case "disk":
        this.#trouble(happening.forMs);
        return this.#world.disk.fail({ is: happening.fault, forMs: happening.forMs });
      case "host":
        this.#trouble(60_000);
        if (happening.fault === "late") this.#checker.isLate = true;
        return server.hosts.fail(happening.fault);
      case "kill":
        return this.#kill(server, happening.downMs);
      case "freeze":
        return this.#freeze(server, happening.forMs, happening.takeOver);
      case "close":
        return this.#close(server, happening.drainMs);
      case "clock":
        this.#trouble(60_000);
        if (happening.byMs < 0) this.#checker.setBacks.push({ at: this.#agenda.now, shownMs: this.#world.wallMs() });
        this.#clock.skewMs += happening.byMs;
        return;
      case "deploy":
        return this.#deployments.deploy(happening.workflow);
      default:
        return this.#clients.ask(server, happening);
    }
  }

  /** What fails on purpose excuses what does not go on until it is over. */
  #trouble(forMs: number = 0): void {
    this.#checker.troubleAt = Math.max(this.#checker.troubleAt, this.#agenda.now + forMs);
  }

  async #kill(server: Server, downMs: number): Promise<void> {
    this.#trouble(downMs);
    this.#server = undefined;
    await server.kill();
    this.#agenda.timer(downMs, () => this.#open(), this.#outside);
  }

  #freeze(server: Server, forMs: number, takeOver: boolean): void {
    this.#trouble(forMs);
    server.owner.freeze(this.#agenda.now + forMs);
    if (!takeOver) return;
    this.#checker.isShared = true;
    this.#open();
  }

  #close(server: Server, drainMs: number): void {
    if (!server.isUp) return;
    this.#trouble();
    this.#server = undefined;
    server.call(async () => {
      await server.close(drainMs);
      await server.kill();
      this.#agenda.timer(0, () => this.#open(), this.#outside);
    });
  }
}
