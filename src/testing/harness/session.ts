/** Workers that run for a test: a server of this process, with a data directory of its own that goes with it. */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { startServer, type Running } from "../../assembly/compose.ts";
import { deployProject, type DeployedProject } from "../../assembly/deploy-project.ts";
import { checkNames, Project, type LoadedProject, type ProjectSource } from "../../assembly/project.ts";
import { PLACEHOLDER_CF } from "../../assembly/request-cf.ts";
import { defaultOptions } from "../../assembly/server-options.ts";
import type { Binding } from "../../ports/catalog/bindings.ts";
import { makeFolder, removeFolder, temporaryPath } from "../../executors/workerd/child/cleanup.ts";
import { applyD1Migrations, readD1Migrations, type MigratedDatabase } from "../d1-migrations.ts";
import {
  introspectAll,
  introspectInstance,
  type WorkflowInstanceIntrospector,
  type WorkflowIntrospector,
} from "../introspection.ts";
import { TestBed } from "../test-bed.ts";
import { requestOf, routed, send } from "./dispatch.ts";
import { envOf } from "./env.ts";
import { refusal } from "./errors.ts";
import { openOutbound, type Outbound } from "./outbound.ts";
import { Relay } from "./relay-client.ts";
import type { Timeline } from "./timeline.ts";
import type { TestHarnessOptions, WorkerInput } from "./types.ts";

/** A Worker that runs. */
export type HarnessWorker = DeployedProject["config"];

/** What a session is made of. */
interface SessionParts {
  readonly running: Running;
  readonly bed: TestBed;
  readonly timeline: Timeline;
  readonly outbound: Outbound;
  readonly folder: string;
}

export class Session {
  readonly #parts: SessionParts;
  readonly #over: AbortController = new AbortController();
  readonly #relay: Relay;
  /** The primary one first. */
  #workers: readonly HarnessWorker[] = [];

  private constructor(parts: SessionParts) {
    const { publisher, calls } = parts.running;
    this.#parts = parts;
    this.#relay = new Relay(publisher, (script, request) => calls.fetch(script, request));
  }

  /** Rejects with what is wrong with the Workers; nothing is left then. */
  static async open(options: TestHarnessOptions, timeline: Timeline): Promise<Session> {
    const loaded = await load(options, timeline);
    const folder = await makeFolder(temporaryPath("stepwell-harness-"));
    const socket = join(folder, "outbound");
    let outbound: Outbound | undefined;
    let session: Session | undefined;
    try {
      outbound = await openOutbound(socket);
      const found = Promise.withResolvers<TestBed>();
      const server = { ...defaultOptions(), port: 0, drainMs: 0 };
      const running = await startServer(server, join(folder, "data"), "open", startingOf(), {
        outbound: socket,
        requestCf: PLACEHOLDER_CF,
        sharesProcess: true,
        primary: () => session?.worker().name ?? "",
        arrangements: (store) => {
          const bed = new TestBed(store);
          found.resolve(bed);
          return bed.arrangements;
        },
        log: timeline.log,
        onLine: (line) => timeline.line(line),
      });
      const bed = await found.promise;
      bed.opened(running.engine);
      session = new Session({ running, bed, timeline, outbound, folder });
      await session.#deploy(loaded);
      running.open();
      return session;
    } catch (cause) {
      await session?.close();
      await outbound?.close();
      await removeFolder(folder);
      throw cause;
    }
  }

  /** The primary Worker comes last: what it calls is there by then. */
  async #deploy(loaded: readonly LoadedProject[]): Promise<void> {
    const { running, timeline } = this.#parts;
    const workers: HarnessWorker[] = [];
    for (const each of loaded.toReversed()) {
      const { config, warnings } = await deployProject(running, each);
      for (const warning of warnings) timeline.note(warning, config.name);
      workers.unshift(config);
    }
    this.#workers = workers;
  }

  /** Where it listens. */
  get url(): string {
    return `http://localhost:${this.#parts.running.port}/`;
  }

  /** The Worker with this name, or the primary one. */
  worker(name?: string): HarnessWorker {
    const found = name === undefined ? this.#workers[0] : this.#workers.find((worker) => worker.name === name);
    if (found === undefined) throw refusal("no_worker", name ?? "");
    return found;
  }

  /** Calls a Worker, or the one that the URL is for. */
  async fetch(to: HarnessWorker | undefined, input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const { running, timeline } = this.#parts;
    const request = requestOf(this.url, input, init);
    const said = `fetch - ${request.method} ${request.url}`;
    timeline.note(`${said} - started`, to?.name);
    try {
      const response = await send((each) => {
        const { name } = to ?? this.worker(routed(this.#workers, new URL(each.url)));
        return running.calls.fetch(name, each);
      }, request);
      timeline.note(`${said} - ${response.status}`, to?.name);
      return response;
    } catch (cause) {
      timeline.note(`${said} - failed`, to?.name);
      throw cause;
    }
  }

  async scheduled({ name }: HarnessWorker, cron: string, scheduledTime: number): Promise<{ outcome: string; noRetry: boolean }> {
    const { running, timeline } = this.#parts;
    const { thrown } = await running.calls.call(name, { type: "scheduled", cron, scheduledTime });
    const outcome = thrown === null ? "ok" : "exception";
    timeline.note(`scheduled - ${cron} - ${outcome}`, name);
    return { outcome, noRetry: false };
  }

  /** Its bindings as they have been deployed. */
  async env({ name, bindings }: HarnessWorker): Promise<Record<string, unknown>> {
    const { running, bed } = this.#parts;
    const version = await running.catalog.activeScript(name);
    const own = bindings.map((each) => (each.type === "version_metadata" ? (sameIn(version?.bindings, each) ?? each) : each));
    const { storage } = running;
    return envOf(name, own, { storage, bindings: running.bindings.of(this.#over.signal), bed, relay: this.#relay });
  }

  /** Its default export. */
  exported({ name }: HarnessWorker): object {
    return this.#relay.service(name);
  }

  async migrate(worker: HarnessWorker, bindingName: string): Promise<void> {
    const migrations = worker.migrations[bindingName];
    const { [bindingName]: database } = await this.env(worker);
    if (migrations === undefined) throw refusal("no_binding", "D1 Database", bindingName, worker.name);
    await applyD1Migrations(database as MigratedDatabase, await readD1Migrations(migrations.folder), migrations.table);
    this.#parts.timeline.note(`d1 migrations - ${bindingName} - completed`, worker.name);
  }

  introspectWorkflow(worker: HarnessWorker, bindingName: string): WorkflowIntrospector {
    return introspectAll(this.#parts.bed, workflowOf(worker, bindingName));
  }

  introspectInstance(worker: HarnessWorker, bindingName: string, id: string): WorkflowInstanceIntrospector {
    return introspectInstance(this.#parts.bed, { workflow: workflowOf(worker, bindingName), id });
  }

  /** Deploys other Workers in place of these. What is kept stays, and so do these when the others cannot be read or built. */
  async update(options: TestHarnessOptions): Promise<void> {
    if (options.workers.length !== this.#workers.length) throw refusal("other_number");
    const loaded = await load(options, this.#parts.timeline);
    await this.#deploy(loaded);
    this.#parts.timeline.note("update - completed");
  }

  /** Ends everything, and deletes what has been kept. */
  async close(): Promise<void> {
    const { running, bed, outbound, folder } = this.#parts;
    this.#over.abort();
    bed.close();
    try {
      await running.stop();
    } finally {
      await outbound.close();
      await removeFolder(folder);
    }
  }
}

function sameIn(bindings: readonly Binding[] | undefined, { name }: Binding): Binding | undefined {
  return bindings?.find((each) => each.name === name);
}

function workflowOf({ name, bindings }: HarnessWorker, bindingName: string): string {
  const binding = bindings.find((each) => each.name === bindingName);
  if (binding?.type !== "workflow") throw refusal("no_binding", "Workflow", bindingName, name);
  return binding.workflow;
}

/** Reads and builds the Workers. */
async function load({ root = ".", workers }: TestHarnessOptions, timeline: Timeline): Promise<LoadedProject[]> {
  if (workers.length === 0) throw refusal("no_workers");
  const projects = workers.map(
    (input) => new Project(sourceOf(resolve(root), input), defaultOptions(), (text) => timeline.note(`[custom build] ${text}`)),
  );
  try {
    const loaded = await Promise.all(projects.map((project) => project.load("sources")));
    checkNames(loaded.map(({ config }) => config));
    return loaded;
  } finally {
    await Promise.all(projects.map((project) => project.close()));
  }
}

function sourceOf(root: string, input: WorkerInput): ProjectSource {
  if ("config" in input) return { folder: root, options: { inline: input.config } };
  const { configPath, env, vars, secrets, bindingOverrides: services } = input;
  const file = configPath instanceof URL ? fileURLToPath(configPath) : resolve(root, configPath);
  const given = { ...(vars && { vars }), ...(secrets && { secrets }), ...(services && { services }) };
  return { folder: dirname(file), options: { file, ...(env !== undefined && { env }), ...given } };
}

/** A start that nothing calls off. */
function startingOf(): Parameters<typeof startServer>[3] {
  return { signal: new AbortController().signal, isStarting: false, started: () => {} };
}
