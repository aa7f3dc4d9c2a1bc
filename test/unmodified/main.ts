/**
 * `npm run projects`: projects as strangers have them, none changed for stepwell, run by `stepwell dev` and by `stepwell serve` after
 * `wrangler deploy`, and asked. Ends with 1 when an answer is not what it has to be. `--only NAME` runs one (again for more),
 * `--systems wrangler,dev,serve` says where, `--share N/M` takes a part of all, `--jobs N` how many run at a time, `--show` prints what
 * everything prints.
 */
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { PROBES } from "./all.ts";
import type { Probe } from "./probe.ts";
import { runner, SYSTEMS, type SystemName } from "./systems.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    systems: { type: "string", default: "dev,serve" },
    share: { type: "string", default: "1/1" },
    jobs: { type: "string", default: "2" },
    show: { type: "boolean", default: false },
  },
});

const PROJECTS = fileURLToPath(new URL("../projects/", import.meta.url));
/** Beside the projects, so that copies find the same packages. */
const COPIES = join(PROJECTS, ".copies");

const counts = { passed: 0, failed: 0 };
const queue = chosen()
  .flatMap((probe) => (values.systems.split(",") as SystemName[]).map((name) => ({ probe, name })))
  .values();
await Promise.all(Array.from({ length: Number(values.jobs) }, work));
await rm(COPIES, { recursive: true, force: true });
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;

function chosen(): readonly Probe[] {
  const { only } = values;
  if (only !== undefined) return PROBES.filter(({ project }) => only.includes(project));
  const [part = 1, of = 1] = values.share.split("/").map(Number);
  return PROBES.filter((_, i) => i % of === part - 1);
}

/** Several take from one queue. */
async function work(): Promise<void> {
  for (const { probe, name } of queue) {
    const start = performance.now();
    const wrong = await attempt(probe, name);
    counts[wrong === undefined ? "passed" : "failed"] += 1;
    const took = `${Math.round((performance.now() - start) / 1000)} s`;
    process.stdout.write(
      `${wrong === undefined ? "ok   " : "WRONG"} ${name.padEnd(8)} ${took.padStart(5)}  ${probe.project}: ${probe.kind}\n`,
    );
    if (wrong !== undefined) process.stdout.write(`${wrong.replaceAll(/^/gm, "      ")}\n`);
  }
}

/** What is wrong, for people. Each system gets a copy of its own: none sees what another has written. */
async function attempt(probe: Probe, name: SystemName): Promise<string | undefined> {
  const print = (text: string): void => void (values.show && process.stdout.write(text));
  await mkdir(COPIES, { recursive: true });
  const folder = await mkdtemp(join(COPIES, `${probe.project}-`));
  try {
    await cp(join(PROJECTS, probe.project), folder, { recursive: true });
    if (probe.build !== undefined)
      await runner(folder, {}, print)(join(PROJECTS, "node_modules", probe.build[0] ?? ""), probe.build.slice(1));
    const found = await SYSTEMS[name](folder, probe, print);
    return differences(found, probe.expected);
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The parts of an answer that are not what they have to be. */
function differences(found: Readonly<Record<string, unknown>>, expected: Readonly<Record<string, unknown>>): string | undefined {
  const lines: string[] = [];
  for (const key of new Set([...Object.keys(found), ...Object.keys(expected)])) {
    if (isDeepStrictEqual(found[key], expected[key])) continue;
    lines.push(`${key}: found ${JSON.stringify(found[key])}`, `${key}: expected ${JSON.stringify(expected[key])}`);
  }
  return lines.length === 0 ? undefined : lines.join("\n");
}
