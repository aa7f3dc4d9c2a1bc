/**
 * `npm run seed -- --data DIR`: fills a data directory as years of use would, to see what lists and long histories cost.
 * Instances and their journals are written through the store, as the engine writes them, but without running anything;
 * what they are follows from their number, so that every run makes the same.
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { rowText } from "../src/engine/journal/row.ts";
import type { RowEntry } from "../src/engine/state/live.ts";
import type { ErrorSummary } from "../src/model/views/error-summary.ts";
import type { EventBody } from "../src/model/instance/events.ts";
import type { ErrorInfo } from "../src/model/values/error-info.ts";
import { fingerprint } from "../src/model/views/fingerprint.ts";
import type { InstanceStatus } from "../src/model/instance/status.ts";
import { encode } from "../src/model/values/value.ts";
import type { Catalog } from "../src/ports/catalog/catalog.ts";
import type { Store } from "../src/ports/store.ts";
import type { Lease } from "../src/ports/instances/journal-store.ts";
import type { NewInstance } from "../src/ports/instances/commit.ts";
import { openSqlite } from "../src/stores/sqlite/open.ts";

const DAY_MS = 86_400_000;

/** The workflow that all seeded instances are of. */
export const SEEDED = "orders";

/** The instance that has many steps. */
export const LONG = "long";

const BATCH = 2_000;

/** Newest last, as they were deployed in turn. */
const VERSIONS = ["orders-v1", "orders-v2", "orders-v3"] as const;

const CODE = `
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Orders extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("reserve stock", async () => ({ reserved: true }));
    await step.do("charge card", async () => ({ charged: event.payload.amount }));
    await step.waitForEvent("await approval", { type: "approve", timeout: "365 days" });
  }
}
export default {};
`;

/** Puts `instances` instances into a store, spread over the thirty days before `now`, and one of `steps` steps if there are to be any. */
export async function seed(store: Store, catalog: Catalog, instances: number, steps: number, now: number): Promise<void> {
  await deploy(catalog, now);
  const lease = await store.acquire("seed");
  for (let from = 0; from < instances; from += BATCH) {
    const size = Math.min(BATCH, instances - from);
    const creates = Array.from({ length: size }, (_, i) => instanceOf(from + i, now - 30 * DAY_MS, (30 * DAY_MS) / instances));
    await create(store, lease, creates);
  }
  if (steps > 0) await create(store, lease, [longInstance(steps, now - DAY_MS)]);
}

async function create(store: Store, lease: Lease, creates: readonly NewInstance[]): Promise<void> {
  await store.commit({ creates, chunks: [], appends: [], removes: [] }, lease);
}

async function deploy(catalog: Catalog, now: number): Promise<void> {
  for (const [i, id] of VERSIONS.entries()) {
    const createdAt = now - (30 - i * 10) * DAY_MS;
    const code = `${CODE}// ${id}\n`;
    const scriptVersionId = `script-${id}`;
    await catalog.putScriptVersion({
      id: scriptVersionId,
      script: "shop",
      hash: scriptVersionId,
      code,
      bindings: [],
      compatibilityFlags: [],
      createdAt,
    });
    await catalog.putWorkflow(
      { id: "orders-id", name: SEEDED, className: "Orders", script: "shop", versionId: id, createdAt, modifiedAt: createdAt },
      { id, workflow: SEEDED, className: "Orders", scriptVersionId, createdAt, settings: {} },
    );
  }
}

/** Of a hundred: ninety are complete, six errored, two terminated, two wait. */
function endOf(number: number): InstanceStatus {
  const share = (number * 37) % 100;
  if (share < 90) return "complete";
  if (share < 96) return "errored";
  return share < 98 ? "terminated" : "waiting";
}

function instanceOf(number: number, first: number, apartMs: number): NewInstance {
  const createdAt = Math.round(first + number * apartMs);
  const versionId = VERSIONS[Math.min(2, Math.floor(((createdAt - first) / (30 * DAY_MS)) * 3))] ?? VERSIONS[0];
  const status = endOf(number);
  const id = `${(number * 2_654_435_761) % 4_294_967_296}`.padStart(10, "0").concat(`-${number}`);
  const entries: RowEntry[] = [
    createdAt,
    { type: "workflow_queued", versionId, trigger: "api", params: encode({ order: number, amount: number % 500 }) },
    { type: "workflow_started" },
    { type: "workflow_running" },
    ...attempted("reserve stock", 1, createdAt, encode({ reserved: true })),
  ];
  const at = createdAt + 40 + (number % 200);
  entries.push(at, ...ending(number, status));
  const made = madeOf(id, status, versionId, createdAt, at, entries);
  return status === "errored" ? { ...made, error: summaryOf(errorOf(number)) } : made;
}

/** As the engine keeps it of an instance whose card could not be charged. */
function summaryOf(error: ErrorInfo): ErrorSummary {
  return { ...error, step: "charge card", frame: "charge", fingerprint: fingerprint(error, "charge card", "charge") };
}

function ending(number: number, status: InstanceStatus): EventBody[] {
  const charged = { name: "charge card", count: 1 };
  switch (status) {
    case "complete":
      return [
        ...done("charge card", 1, encode({ charged: number % 500 })),
        { type: "workflow_completed", output: encode("sold") },
      ];
    case "errored": {
      const error = errorOf(number);
      return [
        { type: "step_started", ...charged },
        { type: "attempt_started", ...charged, attempt: 1 },
        { type: "attempt_errored", ...charged, attempt: 1, error },
        { type: "step_errored", ...charged },
        { type: "workflow_errored", error },
      ];
    }
    case "terminated":
      return [{ type: "workflow_terminated" }];
    default:
      return [
        { type: "wait_started", name: "await approval", count: 1, eventType: "approve", timeoutMs: 365 * DAY_MS },
        { type: "workflow_waiting" },
      ];
  }
}

/** Twelve kinds of failure, each of which says something of its own every time. */
export function errorOf(number: number): { readonly name: string; readonly message: string } {
  const kind = number % 12;
  const name = kind % 3 === 0 ? "TypeError" : "Error";
  const what = ["card refused", "stock is gone", "gateway timed out", "address not found"][kind % 4] ?? "";
  return { name, message: `${what}: order ${number} at gateway ${kind} after ${number % 997} ms` };
}

function attempted(name: string, count: number, at: number, output: string): RowEntry[] {
  return [...begun(name, count), at + 12, ...ended(name, count, output)];
}

function done(name: string, count: number, output: string): EventBody[] {
  return [...begun(name, count), ...ended(name, count, output)];
}

function begun(name: string, count: number): EventBody[] {
  return [
    { type: "step_started", name, count },
    { type: "attempt_started", name, count, attempt: 1 },
  ];
}

function ended(name: string, count: number, output: string): EventBody[] {
  return [
    { type: "attempt_completed", name, count, attempt: 1 },
    { type: "step_completed", name, count, output },
  ];
}

function madeOf(
  id: string,
  status: InstanceStatus,
  versionId: string,
  createdAt: number,
  at: number,
  entries: readonly RowEntry[],
): NewInstance {
  const isOver = status !== "waiting";
  return {
    summary: {
      workflow: SEEDED,
      id,
      status,
      versionId,
      trigger: "api",
      createdAt,
      modifiedAt: at,
      startedAt: createdAt,
      endedAt: isOver ? at : null,
      wakeAt: isOver ? null : at + 365 * DAY_MS,
      expiresAt: isOver ? at + 365 * DAY_MS : null,
    },
    row: { seq: 1, firstEventId: 1, events: rowText(entries) },
  };
}

/** Pages that are fetched and stored in turn, every hundredth of which fails once, with a sleep after every thousand steps. */
function longInstance(steps: number, createdAt: number): NewInstance {
  const versionId = VERSIONS[2];
  const entries: RowEntry[] = [
    createdAt,
    { type: "workflow_queued", versionId, trigger: "api", params: encode({ pages: steps }) },
    createdAt + 100,
    { type: "workflow_started" },
    { type: "workflow_running" },
  ];
  let at = createdAt + 100;
  const names = ["fetch page", "store page"] as const;
  for (let i = 0; i < steps; i += 1) {
    const count = Math.floor(i / 2) + 1;
    const name = names[i % 2] ?? names[0];
    if (i % 1_000 === 999) {
      const pause = { name: "let them breathe", count: Math.floor(i / 1_000) + 1 };
      entries.push(at, { type: "sleep_started", ...pause, durationMs: 5_000, wakeAt: at + 5_000 });
      at += 5_000;
      entries.push(at, { type: "sleep_completed", ...pause });
      continue;
    }
    entries.push(at, { type: "step_started", name, count }, { type: "attempt_started", name, count, attempt: 1 });
    at += 20 + ((i * 7_919) % 300);
    const attempt = i % 100 === 50 ? 2 : 1;
    if (attempt === 2) {
      const error = { name: "Error", message: `page ${i} did not come` };
      entries.push(at, { type: "attempt_errored", name, count, attempt: 1, error, retryDelayMs: 500 });
      at += 500;
      entries.push(at, { type: "attempt_started", name, count, attempt: 2 });
      at += 80;
    }
    entries.push(at, { type: "attempt_completed", name, count, attempt });
    entries.push({ type: "step_completed", name, count, output: encode({ page: i }) });
  }
  entries.push(at, { type: "workflow_completed", output: encode("all there") });
  return madeOf(LONG, "complete", versionId, createdAt, at, entries);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      data: { type: "string", default: ".stepwell" },
      instances: { type: "string", default: "1000000" },
      steps: { type: "string", default: "25000" },
    },
  });
  const { store, catalog } = await openSqlite(join(resolve(values.data), "stepwell.db"));
  const start = performance.now();
  try {
    await seed(store, catalog, Number(values.instances), Number(values.steps), Date.now());
  } finally {
    await store.close();
  }
  process.stdout.write(`Made ${values.instances} instances in ${((performance.now() - start) / 1_000).toFixed(1)} s\n`);
}
