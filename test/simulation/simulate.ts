/** Runs one plan from beginning to end, and says what was violated. */
import { LIMITS } from "../../src/model/limits.ts";
import { isFinal } from "../../src/model/instance/status.ts";
import { sqliteCatalog } from "../../src/stores/sqlite/catalog/catalog.ts";
import { connectReader } from "../../src/stores/sqlite/connection/database.ts";
import { migrate } from "../../src/stores/sqlite/connection/migrate.ts";
import type { Catalog } from "../../src/ports/catalog/catalog.ts";
import { Agenda, Owner } from "./world/agenda.ts";
import { Checker } from "./checks/checker.ts";
import { Clients } from "./world/clients.ts";
import { Disk } from "./world/disk.ts";
import { inSimulatedTime } from "./world/globals.ts";
import type { SimulatedHost } from "./world/host.ts";
import { kindOf, type Happening, type Plan } from "./plan.ts";
import { EVENT_TYPE, returns } from "./program.ts";
import { Random } from "../support/random.ts";
import type { InstanceRecord } from "./checks/record.ts";
import { Server, workflowName, type World } from "./world/server.ts";

/** When a simulation begins, in epoch milliseconds. */
const START = Date.UTC(2026, 0, 1);

/** How long everything may take to end once nothing fails any more, in milliseconds. */
const LAST_MS = 6 * 3_600_000;

/** How often instances are helped on then, in milliseconds. */
const HELP_MS = 60_000;

/** How long a server without work is watched, and how many steps it may take in that time. */
const IDLE_MS = 120_000;
const IDLE_STEPS = 2_500;

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
  readonly #agenda: Agenda;
  readonly #clock: { skewMs: number };
  readonly #outside: Owner = new Owner("outside");
  #server: Server | undefined;
  readonly #servers: Server[] = [];
  /** When processes were told first that they have lost the right to write. */
  readonly #fenced: Map<Owner, number> = new Map();
  readonly #happenings: Plan["happenings"];
  #versions = 0;
  #isDone = false;

  constructor({ plan, random, agenda, clock, wallMs, catalog }: SimulationParts) {
    this.#plan = plan;
    const { leavesOut = [], happenings } = plan;
    this.#happenings = happenings.filter((each) => !leavesOut.includes(kindOf(each)));
    this.#agenda = agenda;
    this.#clock = clock;
    const { limit, ...settings } = plan.settings;
    this.#checker = new Checker(agenda, { maxRunning: settings.maxRunning, limitOf: () => limit ?? Infinity });
    const disk = new Disk({
      agenda,
      random,
      latencyMs: plan.latency.diskMs,
      committed: (batch, result, lease) => this.#checker.committed(batch, result, lease),
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
      programs,
      settings,
      linkMs: latency.linkMs,
      wallMs,
      ...shared,
    };
    this.#clients = new Clients(this.#world);
  }

  async run(): Promise<Outcome> {
    for (const index of this.#plan.programs.keys()) await this.#deploy(index);
    this.#open();
    this.#schedule(0);
    await this.#live(() => this.#isDone);
    await this.#finish();
    const { violations, checked, records } = this.#checker;
    return { violations, checked, steps: this.#agenda.steps, instances: records.size };
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

  /** A server that has stopped by itself is started again by whoever runs it. */
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
        return this.#deploy(happening.workflow);
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
    if (takeOver) this.#open();
  }

  #close(server: Server, drainMs: number): void {
    const { engine } = server;
    if (engine === undefined || !server.isUp) return;
    this.#trouble();
    this.#server = undefined;
    server.call(async () => {
      await engine.close(drainMs);
      await server.kill();
      this.#agenda.timer(0, () => this.#open(), this.#outside);
    });
  }

  async #deploy(index: number): Promise<void> {
    this.#versions += 1;
    const { catalog } = this.#world;
    const { limit } = this.#plan.settings;
    const workflow = workflowName(index);
    const of = { script: `script${index}`, createdAt: 0 };
    const scriptVersionId = `s${this.#versions}`;
    await catalog.putScriptVersion({
      id: scriptVersionId,
      ...of,
      hash: scriptVersionId,
      code: "",
      bindings: [],
      compatibilityFlags: [],
    });
    const settings = limit === null ? {} : { concurrency: { limit } };
    const version = { id: `v${this.#versions}`, workflow, className: workflow, scriptVersionId, createdAt: 0, settings };
    await catalog.putWorkflow(
      {
        id: workflow,
        name: workflow,
        className: workflow,
        script: of.script,
        versionId: version.id,
        createdAt: 0,
        modifiedAt: 0,
      },
      version,
    );
  }

  /** Nothing fails any more: everything ends, and then the server does nothing. */
  async #finish(): Promise<void> {
    this.#world.disk.mend();
    const endsAt = this.#agenda.now + LAST_MS;
    const help = (): void => {
      this.#help();
      this.#agenda.timer(HELP_MS, help, this.#outside);
    };
    this.#agenda.timer(0, help, this.#outside);
    await this.#live(() => this.#isOver() || this.#agenda.now > endsAt);
    if (this.#checker.violations.length > 0) return;
    for (const record of this.#living())
      this.#checker.violated(`${record.workflow}/${record.id} never ends: it is ${record.status}`);
    this.#checkEnds();
    this.#clients.checkEvents();
    await this.#checkIdle();
  }

  /** Resumes what is paused, and sends events to what waits for one. */
  #help(): void {
    const server = this.#server;
    const engine = server?.engine;
    if (server === undefined || engine === undefined || !server.isUp) return;
    for (const { workflow, id, status, steps } of this.#living()) {
      const address = { workflow, id };
      const waits = [...steps.values()].filter(({ eventType, outcome }) => eventType === EVENT_TYPE && outcome === undefined);
      if (status === "paused") server.call(async () => void (await engine.resume(address).catch(() => {})));
      for (const _ of waits) server.call(() => this.#clients.sendEvent(engine, address).catch(() => {}));
    }
  }

  #living(): InstanceRecord[] {
    return [...this.#checker.records.values()].filter(({ isGone, status }) => !isGone && !isFinal(status));
  }

  #isOver(): boolean {
    return this.#living().length === 0 && this.#server?.isUp === true;
  }

  /** Each instance has ended as its program says. */
  #checkEnds(): void {
    const lostTooOften = this.#world.lostHosts > LIMITS.recoveries;
    for (const { workflow, id, status, isGone, endError } of this.#checker.records.values()) {
      if (isGone || status === "terminated") continue;
      const program = this.#plan.programs[Number(workflow.slice("Flow".length))] ?? [];
      const expected = returns(program) ? "complete" : "errored";
      if (lostTooOften && endError?.startsWith("WorkflowInternalError") === true) continue;
      this.#checker.expect(status === expected, () => `${workflow}/${id} is ${status}, not ${expected}: ${endError}`);
    }
  }

  /** A server that has nothing to do does next to nothing, and leaves nothing behind when it is closed. */
  async #checkIdle(): Promise<void> {
    const server = this.#server;
    if (server?.engine === undefined || this.#checker.violations.length > 0) return;
    // One that stood still while another took over learns of it when it has something to write.
    for (const other of this.#servers) if (other !== server) await other.kill();
    const { steps } = this.#agenda;
    const until = this.#agenda.now + IDLE_MS;
    await this.#live(() => this.#agenda.now > until);
    const taken = this.#agenda.steps - steps;
    this.#checker.expect(taken < IDLE_STEPS, () => `a server without work took ${taken} steps in ${IDLE_MS} ms`);
    // It has learned that another has taken over.
    if (this.#server !== server) return;
    let isClosed = false;
    const { engine } = server;
    server.call(async () => {
      await engine.close();
      isClosed = true;
    });
    const closedBy = this.#agenda.now + 60_000;
    await this.#live(() => isClosed || this.#agenda.now > closedBy);
    this.#checker.expect(isClosed, () => "the server does not close");
    const left = this.#agenda.timersOf(server.owner);
    this.#checker.expect(left === 0, () => `a closed server has left ${left} timers`);
  }
}
