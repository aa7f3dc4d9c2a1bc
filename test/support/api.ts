/** The whole HTTP surface on a table: memory store, fake clock, no sockets. Every answer is held against its schema. */
import { unusedAssets } from "./assets.ts";
import { expect } from "vitest";
import { BodyRoom } from "../../src/api/endpoint/body.ts";
import { bindingHandler } from "../../src/api/binding/workflow.ts";
import { explorerApi } from "../../src/api/explorer/explorer.ts";
import { ownApi } from "../../src/api/own/own.ts";
import { ENDPOINTS, restApi } from "../../src/api/cloudflare/rest.ts";
import type { EngineSettings } from "../../src/engine/state/settings.ts";
import { inProcessExecutor } from "../../src/executors/in-process/executor.ts";
import { CALL_DEPTH, decode, encode } from "../../src/model/values/value.ts";
import { silentLog } from "../../src/noop/log.ts";
import { systemClock } from "../../src/system/clock.ts";
import type { Storage } from "../../src/ports/storage.ts";
import { noStorage } from "../../src/noop/storage.ts";
import { noVault } from "../../src/noop/vault.ts";
import { Audit } from "../../src/access/audit.ts";
import { HostNames } from "../../src/workers/addresses/host-names.ts";
import { sqliteAudit } from "../../src/stores/sqlite/audit/audit.ts";
import { InstanceLogs } from "../../src/workers/logs/instance-logs.ts";
import { Transfers } from "../../src/api/cloudflare/storage/transfers.ts";
import { Tails } from "../../src/workers/logs/tails.ts";
import { workflowBinding } from "../../src/bindings/workflow/client.ts";
import type { Publisher } from "../../src/workers/versions/publisher.ts";
import type { Workflow } from "../../src/runtime/bindings/workflow-types.ts";
import type { WorkflowClass } from "../../src/runtime/run/runtime.ts";
import { Queues } from "../../src/queues/queues.ts";
import { Subscriptions } from "../../src/queues/subscriptions.ts";
import { sqliteEmails } from "../../src/stores/sqlite/emails/emails.ts";
import { SqliteQueues } from "../../src/stores/sqlite/queues/queues.ts";
import { serverApp } from "../../src/server/app.ts";
import { listen, type Listener } from "../../src/server/http.ts";
import { openGuard, type Guard } from "../../src/server/sessions/auth.ts";
import { openBench, type Bench } from "../../src/testing/engine-bench.ts";
import { systemIds } from "../../src/system/ids.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly success: boolean;
  readonly result: never;
  readonly result_info: Record<string, unknown>;
  readonly errors: readonly {
    readonly code: number;
    readonly message: string;
    readonly error_chain: readonly { readonly message: string }[];
  }[];
}

export interface ApiBench extends Bench {
  readonly publisher: Publisher;
  readonly audit: Audit;
  /** Sends a request to any path. A body that is not text is sent as JSON. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Calls the REST API below `/accounts/local`; checks envelope and schema. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** As `call`, for wrangler's local API. */
  local(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Listens on a port of loopback, until the end. */
  listen(): Promise<Listener>;
  /** The binding of a workflow. */
  binding(workflow: string): Workflow;
}

/** Opens it with these classes, each a workflow of the same name. */
export async function openApi(
  classes: Readonly<Record<string, WorkflowClass>>,
  guard: Guard = openGuard,
  settings: Partial<EngineSettings> = {},
  storage: Storage = noStorage,
): Promise<ApiBench> {
  const bench = await openBench(
    (clock) => inProcessExecutor({ classes, now: () => clock.now(), onLog: (line) => logs.write(line) }),
    Object.keys(classes),
    settings,
  );
  const { engine, calls, store, catalog, clock } = bench;
  const publisher: Publisher = { catalog, clock: systemClock, ids: systemIds, vault: noVault, load: async () => {} };
  const tails = new Tails(clock, systemIds);
  const logs = new InstanceLogs({ ...bench, log: silentLog });
  const names = new HostNames(catalog, { "fixed.example.com": "script" });
  const transfers = new Transfers(clock, systemIds);
  const queueStore = new SqliteQueues(":memory:");
  const queues = await Queues.open({ store: queueStore, catalog, clock, log: silentLog, ids: systemIds, calls });
  queues.start();
  const emails = sqliteEmails(":memory:");
  const subscriptions = await Subscriptions.open({ catalog, store, clock, log: silentLog, ids: systemIds, accountId: "local" });
  const parts = {
    logs,
    hostNames: names,
    publisher,
    queues,
    subscriptions,
    emails,
    tails,
    transfers,
    engine,
    store,
    catalog,
    vault: noVault,
    points: { newest: () => Promise.resolve([]) },
    storage,
    assets: unusedAssets(),
    clock,
    ids: systemIds,
    log: silentLog,
  };
  const audit = new Audit(sqliteAudit(":memory:"), { clock: systemClock, log: silentLog });
  const bodies = new BodyRoom();
  const api = { ...parts, audit, bodies, settings: {}, accountId: "local" };
  const app = serverApp({
    audit,
    bodies,
    engine,
    calls,
    tails,
    transfers,
    workers: names,
    rest: restApi(api),
    own: ownApi(api),
    explorer: explorerApi(api),
    devTriggers: true,
    guard,
    log: silentLog,
    clock,
    hostNames: [],
    proxies: [],
  });
  const send: ApiBench["send"] = (method, path, body, headers = {}) => {
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = typeof body === "string" ? body : JSON.stringify(body);
    return app(new Request(`http://localhost${path}`, init));
  };
  const answer = bindingHandler(engine, AbortSignal.any([]));
  let listening: Promise<Listener> | undefined;
  return {
    ...bench,
    publisher,
    audit,
    send,
    listen: () => (listening ??= listen(app, "127.0.0.1", 0, clock)),
    close: async () => {
      await bench.close();
      await queues.close();
      await queueStore.close();
      await emails.close();
      await (await listening)?.close(0);
    },
    call: async (method, path, body) => {
      const full = `/accounts/local${path}`;
      return read(await send(method, `/client/v4${full}`, body), schemaOf(method, full));
    },
    local: async (method, path, body) => read(await send(method, `/cdn-cgi/local/explorer/api${path}`, body), undefined),
    binding: (workflow) =>
      workflowBinding(async (method, args) =>
        decode(await answer({ to: "workflow", name: workflow, method, args: encode(args, CALL_DEPTH) })),
      ),
  };
}

async function read(response: Response, schema: { parse(value: unknown): unknown } | undefined): Promise<Answer> {
  expect(response.headers.get("content-type")).toContain("application/json");
  const body = (await response.json()) as Omit<Answer, "status" | "headers">;
  expect(Object.keys(body)).toEqual(expect.arrayContaining(["success", "errors", "messages", "result"]));
  // One client looks at the status, another at the body: they have to agree.
  expect(body.success).toBe(response.status === 200);
  if (body.success) schema?.parse(body.result);
  return { ...body, status: response.status, headers: response.headers };
}

function schemaOf(method: string, path: string): { parse(value: unknown): unknown } | undefined {
  const [plain = ""] = path.split("?");
  const found = ENDPOINTS.find((each) => {
    const pattern = new RegExp(`^${each.path.replace(/\{\w+\}/g, "[^/]+")}/?$`);
    return each.method === method.toLowerCase() && pattern.test(plain);
  });
  return found?.result;
}
