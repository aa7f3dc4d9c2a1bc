/** The process in which sleepers are measured: does one thing, reports its figures, ends. */
import { stat } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { encode } from "../../src/model/values/value.ts";
import { complete, completed, openSubject, type Subject } from "../stepwell.ts";

const [act = "", folder = "", count = "0"] = process.argv.slice(2);

/** They are to be found in the store when they are due. */
const SOON = { parkAfterMs: 1_000 };

/** Resident memory in megabytes. */
function rss(): number {
  return process.memoryUsage().rss / 1e6;
}

/** As `rss`, when V8 has given back what is garbage, and the pages that it keeps for the next burst. */
function rssWithoutGarbage(): number {
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  return rss();
}

async function create(subject: Subject, params: unknown, total: number): Promise<void> {
  const text = encode(params);
  for (let made = 0; made < total; made += 1_000) {
    const requests = Array.from({ length: Math.min(1_000, total - made) }, () => ({ params: text }));
    await subject.engine.create("Sleeper", requests, "api");
  }
}

async function waiting(subject: Subject, total: number): Promise<void> {
  while (((await subject.store.statusCounts("Sleeper")).waiting ?? 0) < total)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

const acts: Record<string, (total: number) => Promise<Record<string, number>>> = {
  async sleep(total) {
    const subject = await openSubject("node", {}, folder);
    await complete(subject, "Sleeper", 2_000, { ms: 0 });
    const before = rssWithoutGarbage();
    const sizeBefore = await size(subject.file);
    await create(subject, { ms: 3_600_000 }, total);
    await waiting(subject, total);
    // All but those that may stay have left memory by then.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const peak = rss() - before;
    const figures = { peak, rss: rssWithoutGarbage() - before, disk: ((await size(subject.file)) - sizeBefore) / total };
    await subject.close();
    return figures;
  },
  async restart() {
    const start = performance.now();
    const subject = await openSubject("node", {}, folder);
    await complete(subject, "Steps", 1, { steps: 1 });
    const ready = performance.now() - start;
    await subject.close();
    return { ready };
  },
  /** A hundred more among those that are there: how long after they are due they have all gone on. */
  async claim() {
    const subject = await openSubject("node", SOON, folder);
    const done = (await subject.store.statusCounts("Sleeper")).complete ?? 0;
    const asleep = (await subject.store.statusCounts("Sleeper")).waiting ?? 0;
    // Longer than the time after which they leave memory.
    const due = Date.now() + 4_000;
    await create(subject, { until: due }, 100);
    await waiting(subject, asleep + 100);
    await completed(subject, "Sleeper", done + 100);
    const claim = Date.now() - due;
    await subject.close();
    return { claim };
  },
  async timers(total) {
    const subject = await openSubject("node", SOON, folder);
    const due = Date.now() + 6_000 + total / 2;
    await create(subject, { until: due }, total);
    await waiting(subject, total);
    if (Date.now() > due) throw new Error("The instances were not asleep in time");
    await completed(subject, "Sleeper", total);
    const late = Date.now() - due;
    await subject.close();
    return { late };
  },
};

async function size(file: string): Promise<number> {
  const sizes = await Promise.all([file, `${file}-wal`].map(async (path) => (await stat(path).catch(() => ({ size: 0 }))).size));
  return sizes.reduce((sum, each) => sum + each, 0);
}

const figures = await acts[act]?.(Number(count));
process.send?.(figures, () => process.exit(0));
