/**
 * `npm run conformance`: every scenario on stepwell and on Cloudflare's local engine. Fails on a difference that nobody
 * has explained, on an explanation of a difference that is gone, and when `docs/conformance.md` does not say the same.
 * `--write` writes that page, `--only TEXT,…` runs the scenarios whose name or topic has one of the texts in it, `--show`
 * prints what both systems did.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { compare, holds, type Comparison } from "./compare.ts";
import { startOwn } from "./own.ts";
import { startPeer } from "./peer.ts";
import { projectsOf } from "./project.ts";
import { report } from "./report.ts";
import { ASPECTS, type Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios/all.ts";
import type { Observation, System } from "./system.ts";

/** Topics of features that stepwell does not have yet. They are skipped by name. */
const NOT_YET: readonly string[] = ["rollback", "streams", "subscribe", "restart-from"];

/** Scenarios under way at once on each system. */
const CONCURRENCY = 6;

const PAGE = new URL("../../docs/conformance.md", import.meta.url);

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    show: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});

const only = values.only?.split(",");
const chosen = SCENARIOS.filter(({ name, topic }) => only?.some((text) => name.includes(text) || topic === text) ?? true);
const skipped = chosen.filter(({ topic }) => NOT_YET.includes(topic));
const runnable = chosen.filter(({ topic }) => !NOT_YET.includes(topic));

const peers = await observe(startPeer(projectsOf(values.show ? chosen : runnable)), values.show ? chosen : runnable);
const own = await observe(startOwn(projectsOf(runnable)), runnable);

const comparisons = runnable.map((each) => compare(each, found(own, each), found(peers, each)));
if (values.show) for (const each of chosen) showObservations(each);
const failed = comparisons.filter((each) => !holds(each));
for (const each of failed) complain(each);
for (const topic of NOT_YET) {
  const count = skipped.filter((each) => each.topic === topic).length;
  if (count > 0) say(`Skipped: ${count} of ${topic}, which stepwell does not have yet`);
}
const stale = pageIsStale();
say(`\n${comparisons.length - failed.length} passed, ${failed.length + (stale ? 1 : 0)} failed`);
process.exitCode = failed.length > 0 || stale ? 1 : 0;

/** The page is compared, or written, only when everything has been run. */
function pageIsStale(): boolean {
  if (only !== undefined || failed.length > 0) return false;
  const text = report(comparisons, skipped);
  if (values.write) writeFileSync(PAGE, text);
  if (values.write || readFileSync(PAGE, "utf8") === text) return false;
  say("docs/conformance.md does not say what was found; `npm run conformance -- --write` writes it anew");
  return true;
}

async function observe(starting: Promise<System>, scenarios: readonly Scenario[]): Promise<ReadonlyMap<Scenario, Observation>> {
  const system = await starting;
  const observations = new Map<Scenario, Observation>();
  const queue = [...scenarios];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) observations.set(next, await system.run(next));
  };
  try {
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
  } finally {
    await system.close();
  }
  return observations;
}

function found(observations: ReadonlyMap<Scenario, Observation>, scenario: Scenario): Observation {
  const observation = observations.get(scenario);
  if (observation === undefined) throw new Error(`${scenario.name} has not been run`);
  return observation;
}

function complain({ scenario: { name }, partings, stale: gone }: Comparison): void {
  say(`\n${name}`);
  for (const { aspect, own: mine, peer, difference } of partings) {
    if (difference !== undefined) continue;
    say(`  ${aspect} differs:`);
    for (const line of mine) say(`    stepwell ${line}`);
    for (const line of peer) say(`    local    ${line}`);
  }
  for (const aspect of gone) say(`  ${aspect} is said to differ, and does not`);
}

function showObservations(scenario: Scenario): void {
  say(`\n== ${scenario.name}`);
  for (const [who, observations] of [["stepwell", own], ["local", peers]] as const) {
    const observation = observations.get(scenario);
    if (observation === undefined) continue;
    say(`  ${who}`);
    for (const aspect of ASPECTS) say(`    ${aspect}: ${[observation[aspect]].flat().join(" | ")}`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
