/**
 * The page of an instance of 25,000 steps, in a real browser, against a server with a large database: the time to first paint, the
 * time until the waterfall answers a key, and the length of frames while a user scrolls, zooms and pans; then the same scrolling
 * while the instance runs and sends step events. Milliseconds; a frame takes at least 16.7. Next to the wall-clock time stands the
 * CPU time of the page's thread: in all (`cpu`), and in its longest task (`cpu-task`). CPU time is comparable on a busy machine,
 * too.
 */
import { join } from "node:path";
import { openBrowser, type Browser, type Page } from "../../test/support/browser.ts";
import { makeProject, startServer, type Server } from "../../test/support/server.ts";
import { openSqlite } from "../../src/stores/sqlite/open.ts";
import { percentile, type Benchmark } from "../row.ts";
import { seed } from "../seed.ts";

/** Pages in turn, some of which fail once; sleeps in between; eight lanes at a time near the end; and, on a signal, more. */
const WORKER = `
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Pages extends WorkflowEntrypoint {
  async run({ payload: { steps, live } }, step) {
    const retries = { limit: 3, delay: 1, backoff: "constant" };
    const rounds = Math.floor((steps - 800) / 2);
    for (let i = 0; i < rounds; i += 1) {
      await step.do("fetch page", { retries }, async ({ attempt }) => {
        if (i % 100 === 7 && attempt === 1) throw new Error("page " + i + " was not there");
      });
      await step.do("store page", async () => i);
      if (i % 1000 === 999) await step.sleep("rest", 1);
    }
    for (let i = 0; i < 100; i += 1)
      await Promise.all(Array.from({ length: 8 }, (_, lane) => step.do("lane " + lane, async () => lane)));
    if (!live) throw new Error("enough");
    await step.waitForEvent("go on", { type: "go" });
    for (let i = 0; i < live; i += 1) await step.do("more", () => new Promise((resolve) => setTimeout(resolve, 4)));
  }
}
export default {};
`;

const CONFIG = `name = "pages"
main = "index.js"
[[workflows]]
name = "pages"
binding = "PAGES"
class_name = "Pages"
limits = { steps = 25000 }
`;

const ACTS = ["scroll", "zoom", "pan", "live"] as const;

const FIGURES = ["median", "p95", "max"] as const;

const ids: readonly string[] = [
  "instance-page-first-paint",
  "instance-page-interactive",
  "instance-page-load-cpu",
  "instance-page-load-cpu-task",
  ...ACTS.flatMap((act) => [...FIGURES.map((figure) => `instance-page-${act}-${figure}`), `instance-page-${act}-cpu-task`]),
];

export const instancePage: readonly Benchmark[] = [
  {
    ids,
    system: "stepwell",
    executor: "node",
    store: "sqlite-full",
    units: Object.fromEntries(ids.map((id) => [id, "ms"])),
    runs: 3,
    measure: ({ quick }) => measure(quick ? 2_000 : 25_000, quick ? 1_000 : 100_000),
  },
];

async function measure(steps: number, instances: number): Promise<Record<string, number>> {
  const project = await makeProject({ "wrangler.toml": CONFIG, "index.js": WORKER });
  const data = join(project.folder, "data");
  await seedInto(data, instances);
  const args = ["dev", project.folder, "--data", data, "--port", "0", "--quiet", "--executor", "node"];
  const server = await startServer(args);
  const browser = await openBrowser();
  try {
    await make(server, "over", { steps }, "errored");
    await make(server, "live", { steps: steps - 1_000, live: 1_000 }, "waiting");
    // What is loaded once is loaded: people come from a list.
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(`${server.url}/workflows/pages`);
    const figures: Record<string, number> = {};
    const load = await traced(browser, page, async () => {
      await page.goto(`${server.url}/workflows/pages/instances/over`);
      return page.evaluate<{ paint: number; interactive: number }>(INTERACTIVE);
    });
    figures["instance-page-first-paint"] = load.result.paint;
    figures["instance-page-interactive"] = load.result.interactive;
    figures["instance-page-load-cpu"] = load.tasks.reduce((sum, each) => sum + each, 0);
    figures["instance-page-load-cpu-task"] = Math.max(...load.tasks);
    for (const act of ["scroll", "zoom", "pan"] as const)
      note(figures, act, await traced(browser, page, () => frames(page, act)));
    await page.goto(`${server.url}/workflows/pages/instances/live`);
    await page.evaluate(INTERACTIVE);
    await server.call("POST", "/workflows/pages/instances/live/events/go", {});
    note(figures, "live", await traced(browser, page, () => frames(page, "live")));
    return figures;
  } finally {
    await browser.close();
    await server.kill();
    await project.remove();
  }
}

async function seedInto(data: string, instances: number): Promise<void> {
  const { mkdir } = await import("node:fs/promises");
  await mkdir(data, { recursive: true });
  const { store, catalog } = await openSqlite(join(data, "stepwell.db"));
  await seed(store, catalog, instances, 0, Date.now());
  await store.close();
}

async function make(server: Server, id: string, params: object, until: string): Promise<void> {
  await server.call("POST", "/workflows/pages/instances", { instance_id: id, params });
  for (;;) {
    const { result } = await server.call("GET", `/workflows/pages/instances?status=${until}`);
    if ((result as { id: string }[]).some((each) => each.id === id)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function note(figures: Record<string, number>, act: string, { result: deltas, tasks }: Traced<readonly number[]>): void {
  figures[`instance-page-${act}-median`] = percentile(deltas, 50);
  figures[`instance-page-${act}-p95`] = percentile(deltas, 95);
  figures[`instance-page-${act}-max`] = Math.max(...deltas);
  figures[`instance-page-${act}-cpu-task`] = Math.max(...tasks);
}

interface Traced<T> {
  readonly result: T;
  /** Processor time of each task of the page's thread, in milliseconds. */
  readonly tasks: readonly number[];
}

/** As much of an event of Chromium's trace as is looked at; microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

async function traced<T>(browser: Browser, page: Page, work: () => Promise<T>): Promise<Traced<T>> {
  await browser.startTracing(page, { categories: ["toplevel", "__metadata"] });
  const result = await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: readonly TraceEvent[] };
  const ofPage = traceEvents.filter(({ name, args }) => name === "thread_name" && args.name?.includes("Renderer") === true);
  const threads = new Set(ofPage.map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(
    ({ name, pid, tid }) => name === "ThreadControllerImpl::RunTask" && threads.has(`${pid} ${tid}`),
  );
  return { result, tasks: tasks.map(({ tdur = 0 }) => tdur / 1_000) };
}

/** Since the navigation: when something was painted, and when the waterfall had answered a key. */
const INTERACTIVE = `(async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const list = () => document.querySelector('[role="listbox"]');
  while (list()?.querySelector('[role="option"]') == null) await frame();
  const ruler = () => document.querySelector('[aria-label="Waterfall"]').textContent;
  const before = ruler();
  list().dispatchEvent(new KeyboardEvent("keydown", { key: "+", bubbles: true }));
  while (ruler() === before) await frame();
  const interactive = performance.now();
  list().dispatchEvent(new KeyboardEvent("keydown", { key: "0", bubbles: true }));
  return { paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN, interactive };
})()`;

/** Two seconds of doing something every frame, and how far apart the frames were. */
function frames(page: Page, act: (typeof ACTS)[number]): Promise<readonly number[]> {
  return page.evaluate(`(async () => {
    const list = document.querySelector('[role="listbox"]');
    for (const group of list.querySelectorAll('[data-open="false"]')) group.click();
    const { left, width } = list.getBoundingClientRect();
    const key = (key) => list.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    const wheel = (deltaY) => list.dispatchEvent(new WheelEvent("wheel", { deltaY, ctrlKey: true, bubbles: true, cancelable: true, clientX: left + width * 0.6 }));
    const down = (i) => { list.scrollTop = (i * 700) % Math.max(1, list.scrollHeight); };
    const acts = { scroll: down, live: down, zoom: (i) => wheel(i % 60 < 30 ? -1 : 1), pan: (i) => key(i % 60 < 30 ? "ArrowRight" : "ArrowLeft") };
    if (${JSON.stringify(act)} === "pan") for (let i = 0; i < 6; i += 1) key("+");
    const frame = () => new Promise(requestAnimationFrame);
    for (let i = 0; i < 5; i += 1) await frame();
    const deltas = [];
    const end = performance.now() + 2_000;
    for (let before = await frame(), i = 0; performance.now() < end; i += 1) {
      acts[${JSON.stringify(act)}](i);
      const now = await frame();
      deltas.push(now - before);
      before = now;
    }
    return deltas;
  })()`);
}
