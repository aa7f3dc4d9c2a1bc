/** How long lists take over a million instances of one workflow, for each combination of filters: at the API, over HTTP. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog } from "../../src/ports/catalog/catalog.ts";
import type { Store } from "../../src/ports/store.ts";
import { openSqlite } from "../../src/stores/sqlite/open.ts";
import { sampleInstance } from "../../test/contracts/store-samples.ts";
import { makeProject, startServer, type Server } from "../../test/support/server.ts";
import { percentile, type Benchmark } from "../row.ts";
import { SEEDED, seed } from "../seed.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Each filter by itself: one that many match, one that few do, and one that nothing does; then those that are put together. */
const QUERIES: Readonly<Record<string, (now: number, group: string) => string>> = {
  all: () => "",
  "status-many": () => "status=complete",
  "status-none": () => "status=paused",
  "version-many": () => "version_id=orders-v1",
  "version-none": () => "version_id=none",
  "id-many": () => "id_prefix=1",
  "id-few": () => "id_prefix=12345",
  "id-none": () => "id_prefix=zzz",
  "text-many": () => "error=refused",
  "text-few": () => "error=order+999916+",
  "text-none": () => "error=zebra",
  "text-two-letters": () => "error=zz",
  group: (_, group) => `error_group=${group}`,
  "group-none": () => "error_group=0000000000000000",
  time: (now) => `date_start=${new Date(now - DAY_MS).toISOString()}`,
  "status-version": () => "status=waiting&version_id=orders-v1",
  "status-version-many": () => "status=complete&version_id=orders-v1",
  "status-version-none": () => "status=paused&version_id=orders-v1",
  "status-id": () => "status=errored&id_prefix=1",
  "version-id": () => "version_id=orders-v1&id_prefix=2",
  "text-version": () => "error=refused&version_id=orders-v1",
  "text-id": () => "error=refused&id_prefix=12",
  "text-group": (_, group) => `error=99&error_group=${group}`,
  "text-time": (now) => `error=refused&date_end=${new Date(now - 20 * DAY_MS).toISOString()}`,
  "group-version": (_, group) => `error_group=${group}&version_id=orders-v1`,
  "all-of-them": (now, group) =>
    `status=errored&version_id=orders-v1&id_prefix=1&error=after&error_group=${group}&date_start=${new Date(now - 29 * DAY_MS).toISOString()}`,
};

const LIST = `/workflows/${SEEDED}/instances`;

/** What else is asked of many instances together; there are a hundred workflows. */
const OTHERS = { workflows: "/workflows", errors: "/errors" } as const;

const IDS = [...Object.keys(QUERIES), ...Object.keys(OTHERS)].flatMap((name) => [`list-${name}-p50`, `list-${name}-p95`]);

/** Ninety-nine more workflows, each with a schedule and an instance an hour. */
async function addWorkflows(store: Store, catalog: Catalog, now: number): Promise<void> {
  const lease = await store.acquire("bench");
  for (let i = 0; i < 99; i += 1) {
    const name = `other-${i}`;
    const at = { createdAt: now, modifiedAt: now };
    const version = {
      id: `${name}-v1`,
      workflow: name,
      className: "Orders",
      scriptVersionId: "script-orders-v3",
      createdAt: now,
    };
    const workflow = { id: `${name}-id`, name, className: "Orders", script: "shop", versionId: version.id, ...at };
    await catalog.putWorkflow(workflow, { ...version, settings: { schedules: [{ cron: "30 4 1 1 *" }] } });
    const creates = Array.from({ length: 24 }, (_, hour) => {
      const createdAt = now - hour * HOUR_MS;
      return sampleInstance(`${hour}`, { workflow: name, createdAt, endedAt: createdAt, status: "complete" });
    });
    await store.commit({ creates, chunks: [], appends: [], removes: [] }, lease);
  }
}

async function withInstances<T>(instances: number, work: (server: Server, now: number) => Promise<T>): Promise<T> {
  const data = await mkdtemp(join(tmpdir(), "stepwell-bench-"));
  const project = await makeProject({
    "wrangler.json": JSON.stringify({ name: "idle", main: "index.js", compatibility_date: "2026-11-01" }),
    "index.js": "export default { fetch: () => new Response() };",
  });
  try {
    const { store, catalog } = await openSqlite(join(data, "stepwell.db"), { writer: "inline" });
    const now = Date.now();
    await seed(store, catalog, instances, 0, now);
    await addWorkflows(store, catalog, now);
    await store.close();
    const server = await startServer(["dev", project.folder, "--port", "0", "--quiet", "--executor", "node", "--data", data]);
    try {
      return await work(server, now);
    } finally {
      await server.stop();
    }
  } finally {
    await project.remove();
    await rm(data, { recursive: true });
  }
}

interface Listed {
  readonly result: readonly { readonly fingerprint: string }[];
  readonly result_info: { readonly cursor?: string };
}

async function ask(server: Server, path: string): Promise<Listed> {
  const response = await fetch(`${server.url}/api/v1${path}`);
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return (await response.json()) as Listed;
}

/** Milliseconds for a path, asked again and again: a list in both directions, and every second time on from the page before. */
async function times(server: Server, path: string, rounds: number): Promise<number[]> {
  const taken: number[] = [];
  let cursor: string | undefined;
  for (let i = 0; i < rounds; i += 1) {
    const direction = path.includes("?") ? `&direction=${i % 4 < 2 ? "desc" : "asc"}` : "";
    const on = cursor === undefined ? "" : `&cursor=${cursor}`;
    const start = performance.now();
    const { result_info: info } = await ask(server, `${path}${direction}${on}`);
    taken.push(performance.now() - start);
    cursor = i % 2 === 0 ? info.cursor : undefined;
  }
  return taken;
}

export const lists: readonly Benchmark[] = [
  {
    ids: IDS,
    system: "stepwell",
    executor: "node",
    store: "sqlite-full",
    units: Object.fromEntries(IDS.map((id) => [id, "ms"])),
    // Filling the database takes minutes; each filter is asked for often enough.
    runs: 1,
    measure: ({ quick }) =>
      withInstances(quick ? 50_000 : 1_000_000, async (server, now) => {
        const { result: groups } = await ask(server, `/errors?workflow=${SEEDED}`);
        const figures: Record<string, number> = {};
        const group = groups[0]?.fingerprint ?? "";
        const searches = Object.entries(QUERIES).map(([name, query]) => [name, `${LIST}?${query(now, group)}`] as const);
        for (const [name, path] of [...searches, ...Object.entries(OTHERS)]) {
          const taken = await times(server, path, quick ? 8 : 40);
          figures[`list-${name}-p50`] = percentile(taken, 50);
          figures[`list-${name}-p95`] = percentile(taken, 95);
        }
        return figures;
      }),
  },
];
