/** stepwell as a library: what it remembers of what it was opened with before. The example has the rest (`test:long`). */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStepwell, WorkflowEntrypoint, type StepwellOptions } from "../src/index.ts";
import { openSqliteCatalog } from "../src/stores/sqlite/open.ts";

class Tick extends WorkflowEntrypoint {
  override run(): Promise<string> {
    return Promise.resolve("tock");
  }
}

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stepwell-embedded-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function openAndClose(options: Omit<StepwellOptions, "file">): Promise<void> {
  const stepwell = await openStepwell({ file: join(folder, "w.db"), ...options });
  await stepwell.close();
}

async function schedules(): Promise<string[]> {
  const opened = await openSqliteCatalog(join(folder, "w.db"));
  const found = (await opened.catalog.timetable()).map(({ owner, cron }) => `${owner}: ${cron}`);
  opened.close();
  return found.toSorted();
}

test("the schedules given last are active", async () => {
  const workflows = { tick: Tick, tock: Tick };
  await openAndClose({ workflows, schedules: { tick: ["0 1 * * *", "0 2 * * *"], tock: "0 3 * * *" } });
  expect(await schedules()).toEqual(["tick: 0 1 * * *", "tick: 0 2 * * *", "tock: 0 3 * * *"]);
  await openAndClose({ workflows, schedules: { tick: "0 2 * * *" } });
  expect(await schedules()).toEqual(["tick: 0 2 * * *"]);
  await openAndClose({ workflows: { tock: Tick } });
  expect(await schedules()).toEqual([]);
});

test.each([
  ["a cron expression that is none", { tick: "every minute" }, "schedules.tick"],
  ["a schedule without a class", { tock: "0 1 * * *" }, "schedules.tock"],
  ["too many", { tick: Array.from({ length: 101 }, (_, i) => `${i % 60} ${i >> 5} * * *`) }, "schedules"],
])("%s is refused, by its field", async (_, given, field) => {
  await expect(openAndClose({ workflows: { tick: Tick }, schedules: given })).rejects.toMatchObject({ field });
});
