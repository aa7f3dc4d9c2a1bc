/**
 * `npm run conformance`: every scenario on stepwell and on Cloudflare's local engine. Fails on a difference without an
 * explanation, on an explanation of a difference that is gone, and when `docs/conformance.md` is out of date.
 * `--write` writes that page, `--only TEXT,…` runs the scenarios whose name or topic contains one of the texts, `--show`
 * prints what both systems did. `--executor node` runs stepwell's side in threads of Node; the page is about workerd.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { readCommandLine, refuse } from "../support/command-line.ts";
import { compare, holds, type Comparison } from "./compare.ts";
import { KNOWN } from "./known.ts";
import { startOwn } from "./own.ts";
import { startPeer } from "./peer.ts";
import { projectsOf } from "./project.ts";
import { apart, report } from "./report.ts";
import { ASPECTS, type Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios/all.ts";
import type { Observation, System } from "./system.ts";

/** Scenarios under way at once on each system. */
const CONCURRENCY = 8;

const PAGE = new URL("../../docs/conformance.md", import.meta.url);

const COMMAND = "npm run conformance";

const USAGE = `${COMMAND} -- [options]: every scenario on stepwell and on Cloudflare's local engine. Takes some minutes.

  --only TEXT,…     scenarios whose name has one of the texts in it, or whose topic is one
  --executor E      what runs stepwell's side, workerd or node (workerd); the page is about workerd
  --show            prints what both systems did
  --write           writes docs/conformance.md
  --help            prints this

Topics: ${[...new Set(SCENARIOS.map(({ topic }) => topic))].join(", ")}
`;

const values = readCommandLine(COMMAND, USAGE, {
  executor: { type: "string", default: "workerd" },
  only: { type: "string" },
  show: { type: "boolean", default: false },
  write: { type: "boolean", default: false },
});
if (!["workerd", "node"].includes(values.executor)) refuse(COMMAND, `--executor is workerd or node, not "${values.executor}"`);

const only = values.only?.split(",");
const chosen = SCENARIOS.filter(({ name, topic }) => only?.some((text) => name.includes(text) || topic === text) ?? true).map(
  (each) => ({ ...each, differences: each.differences.filter(({ on }) => on === "all" || on === values.executor) }),
);
if (chosen.length === 0) refuse(COMMAND, `No scenario and no topic has one of "${values.only}" in its name`);
const [peers, own] = await Promise.all([
  observe(startPeer(projectsOf(chosen)), chosen),
  observe(startOwn(projectsOf(chosen), values.executor), chosen),
]);

const comparisons = chosen.map((each) => compare(each, found(own, each), found(peers, each)));
if (values.show) for (const each of chosen) showObservations(each);
const failed = comparisons.filter((each) => !holds(each));
for (const each of failed) complain(each);
const unmet = only === undefined ? KNOWN.filter((each) => comparisons.every(({ known }) => !known.has(each))) : [];
for (const { because } of unmet) say(`\nExplains nothing any more: ${because}`);
const failures = failed.length + unmet.length + (pageIsStale() ? 1 : 0);
say(`\n${comparisons.length - failed.length} passed, ${failures} failed`);
process.exitCode = failures > 0 ? 1 : 0;

/** The page is compared, or written, only when everything has been run, on the executor that it is about. */
function pageIsStale(): boolean {
  if (values.executor !== "workerd" || only !== undefined || failed.length + unmet.length > 0) return false;
  const text = report(comparisons);
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
    const [here, there] = apart(mine, peer);
    say(`  ${aspect} differs:`);
    for (const line of here) say(`    stepwell ${line}`);
    for (const line of there) say(`    local    ${line}`);
  }
  for (const aspect of gone) say(`  ${aspect} is said to differ, and does not`);
}

function showObservations(scenario: Scenario): void {
  say(`\n== ${scenario.name}`);
  for (const [who, observations] of [
    ["stepwell", own],
    ["local", peers],
  ] as const) {
    const observation = observations.get(scenario);
    if (observation === undefined) continue;
    say(`  ${who}`);
    for (const aspect of ASPECTS) say(`    ${aspect}: ${[observation[aspect]].flat().join(" | ")}`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
