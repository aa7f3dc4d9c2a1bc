/** The deploy API on a table: memory store, a real vault, and real worker threads that load what is uploaded. */
import { bindingAnswers } from "../../src/api/binding/answers.ts";
import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { DataPoints } from "../../src/bindings/analytics/points.ts";
import { RateWindows } from "../../src/bindings/ratelimit/windows.ts";
import { BodyRoom } from "../../src/api/endpoint/body.ts";
import { explorerApi } from "../../src/api/explorer/explorer.ts";
import { ownApi } from "../../src/api/own/own.ts";
import { restApi } from "../../src/api/cloudflare/rest.ts";
import type { Engine, InstanceAddress } from "../../src/engine/contract.ts";
import { openEngine, type EngineHosts } from "../../src/engine/open.ts";
import { nodeExecutor } from "../../src/executors/node/executor.ts";
import { decode } from "../../src/model/values/value.ts";
import type { Catalog } from "../../src/ports/catalog/catalog.ts";
import { silentLog } from "../../src/noop/log.ts";
import { noStorage } from "../../src/noop/storage.ts";
import { systemClock } from "../../src/system/clock.ts";
import type { Vault } from "../../src/ports/vault.ts";
import { Transfers } from "../../src/api/cloudflare/storage/transfers.ts";
import type { AssetStore } from "../../src/workers/assets/assets.ts";
import { unusedAssets } from "./assets.ts";
import { Tails } from "../../src/workers/logs/tails.ts";
import { Audit } from "../../src/access/audit.ts";
import { HostNames } from "../../src/workers/addresses/host-names.ts";
import { BindingRegistry } from "../../src/workers/hosts/binding-registry.ts";
import { HostCalls } from "../../src/workers/hosts/calls.ts";
import { Hosts } from "../../src/workers/hosts/hosts.ts";
import { DEFAULT_POLICY, type DeployPolicy } from "../../src/workers/versions/policy.ts";
import { sqliteAudit } from "../../src/stores/sqlite/audit/audit.ts";
import { InstanceLogs } from "../../src/workers/logs/instance-logs.ts";
import type { Publisher } from "../../src/workers/versions/publisher.ts";
import { openGuard, type Guard } from "../../src/server/sessions/auth.ts";
import { CronTriggers } from "../../src/workers/crons/cron.ts";
import { Queues } from "../../src/queues/queues.ts";
import { Subscriptions } from "../../src/queues/subscriptions.ts";
import { SqliteDataPoints } from "../../src/stores/sqlite/analytics/points.ts";
import { emailAnswers } from "../../src/bindings/email/server.ts";
import { imageAnswers } from "../../src/bindings/images/server.ts";
import { ImageProcesses } from "../../src/images/processes.ts";
import { sqliteEmails } from "../../src/stores/sqlite/emails/emails.ts";
import { SqliteQueues } from "../../src/stores/sqlite/queues/queues.ts";
import { serverApp } from "../../src/server/app.ts";
import { openMemoryStore } from "../../src/stores/memory/open.ts";
import { aesVault } from "../../src/vault/aes.ts";
import { parseKeys } from "../../src/vault/keys.ts";
import { systemIds } from "../../src/system/ids.ts";

export interface Answer {
  readonly status: number;
  readonly success: boolean;
  readonly result: never;
  readonly errors: readonly {
    readonly code: number;
    readonly message: string;
    readonly error_chain?: readonly { message: string }[];
  }[];
  readonly messages: readonly { readonly code: number; readonly message: string }[];
}

export interface Deploying {
  readonly catalog: Catalog;
  readonly engine: Engine;
  /** How often code has been loaded to see whether it does. */
  readonly loads: () => number;
  /** Calls the REST API below `/accounts/local/workers/scripts`; `path` may begin with `..`. */
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** The answer of the script's own handler. */
  ask(script: string, path?: string): Promise<unknown>;
  /** The answer under a host name. */
  askAt(hostName: string): Promise<Response>;
  /** What an instance has returned, once it has. */
  output(address: InstanceAddress): Promise<unknown>;
  close(): Promise<void>;
}

/** What a test may have otherwise. */
export interface DeployingOptions {
  readonly guard?: Guard;
  readonly load?: () => Promise<void>;
  readonly assets?: AssetStore;
  readonly policy?: DeployPolicy;
}

/** Opens it, with nothing deployed. `load` looks whether code loads, in place of a thread. */
export async function openDeploying({
  load,
  assets = unusedAssets(),
  policy = DEFAULT_POLICY,
  guard = openGuard,
}: DeployingOptions = {}): Promise<Deploying> {
  const { store, catalog, logs: kept } = openMemoryStore();
  const vault: Vault = aesVault(parseKeys(randomBytes(32).toString("hex"), "test"));
  const logs = new InstanceLogs({ store, catalog, logs: kept, clock: systemClock, log: silentLog });
  const executor = nodeExecutor({ onLog: (line) => logs.write(line) });
  const world = { store, catalog, vault, executor, clock: systemClock, ids: systemIds, log: silentLog };
  const bindings = new BindingRegistry();
  const hosts: EngineHosts = new Hosts({ ...world, bindings });
  const calls = new HostCalls({ ...world, hosts });
  const cron = new CronTriggers(world);
  const subscriptions = await Subscriptions.open({ ...world, accountId: "local" });
  const engine = await openEngine({
    ...world,
    hosts,
    notices: subscriptions,
    followCron: cron.follow(calls),
  });
  const emails = sqliteEmails(":memory:");
  const queueStore = new SqliteQueues(":memory:");
  const queues = await Queues.open({ ...world, store: queueStore, calls });
  const points = new DataPoints({ ...world, store: new SqliteDataPoints(":memory:") });
  const rates = new RateWindows(systemClock);
  const mail = emailAnswers({ ...world, store: emails });
  const processor = new ImageProcesses(world);
  const images = imageAnswers({ ...world, processor });
  const answers = { ...world, engine, queues, points, rates, emails: mail, images };
  bindings.register((host) => bindingAnswers(answers, host));
  engine.start();
  queues.start();
  subscriptions.start(queues);
  let loads = 0;
  const publisher: Publisher = {
    catalog,
    clock: systemClock,
    ids: systemIds,
    vault,
    policy,
    load: async (version) => {
      loads += 1;
      if (load !== undefined) return load();
      await (await executor.open(version, () => Promise.reject(new Error("No bindings")))).close();
    },
  };
  const tails = new Tails(systemClock, systemIds);
  const hostNames = new HostNames(catalog, { "fixed.example.com": "bank" });
  const transfers = new Transfers(systemClock, systemIds);
  const audit = new Audit(sqliteAudit(":memory:"), { clock: systemClock, log: silentLog });
  const api = {
    ...world,
    transfers,
    storage: noStorage,
    assets,
    queues,
    subscriptions,
    points,
    emails,
    engine,
    publisher,
    tails,
    logs,
    hostNames,
    audit,
    bodies: new BodyRoom(),
    settings: {},
    accountId: "local",
  };
  const app = serverApp({
    audit,
    bodies: api.bodies,
    engine,
    calls,
    tails,
    transfers,
    workers: hostNames,
    rest: restApi(api),
    own: ownApi(api),
    explorer: explorerApi(api),
    devTriggers: true,
    guard,
    log: silentLog,
    clock: systemClock,
    hostNames: [],
    proxies: [],
  });
  return {
    catalog,
    engine,
    loads: () => loads,
    call: async (method, path, body, headers = {}) => {
      const url = new URL(`http://localhost/client/v4/accounts/local/workers/scripts/${path}`);
      const init: RequestInit = { method, headers };
      if (body !== undefined) init.body = body instanceof FormData ? body : JSON.stringify(body);
      const response = await app(new Request(url, init));
      const answer = (await response.json()) as Omit<Answer, "status">;
      expect(answer.success).toBe(response.status === 200);
      return { ...answer, status: response.status };
    },
    ask: async (script, path = "/") => (await app(new Request(`http://${script}.localhost${path}`))).json(),
    askAt: (hostName) => app(new Request(`http://${hostName}/`)),
    output: async (address) => {
      for await (const events of engine.follow(address, new AbortController().signal)) {
        const last = events.at(-1);
        if (last?.type === "workflow_completed") return last.output === undefined ? undefined : decode(last.output);
      }
      throw new Error("The instance has not completed");
    },
    close: async () => {
      await engine.close();
      await subscriptions.close();
      await queues.close();
      await queueStore.close();
      await points.close();
      await emails.close();
      await processor.close();
      await executor.close();
    },
  };
}

/** A part of an upload besides the main module. */
export type Part = readonly [type: string, content: string | Uint8Array<ArrayBuffer>];

/** An upload as wrangler sends it: its main module is `index.js`. */
export function uploadOf(code: string, metadata: object = {}, parts: Readonly<Record<string, Part>> = {}): FormData {
  const form = new FormData();
  form.set("metadata", JSON.stringify({ main_module: "index.js", ...metadata }));
  const add = (name: string, [type, content]: Part): void => form.set(name, new File([content], name, { type }));
  add("index.js", ["application/javascript+module", code]);
  for (const [name, part] of Object.entries(parts)) add(name, part);
  return form;
}
