/** docs/reliability.md, made from the promises and the records of runs. A cell that is short of its aim says so. */
import { readdirSync, readFileSync } from "node:fs";
import { PROMISES } from "./promises.ts";
import type { RunRecord } from "./suites.ts";

export type Records = Readonly<Record<string, RunRecord | undefined>>;

export const RECORDS: URL = new URL("records/", import.meta.url);
export const PAGE: URL = new URL("../../docs/reliability.md", import.meta.url);

/** The runs that are kept, by their suite. */
export function readRecords(): Records {
  return Object.fromEntries(
    readdirSync(RECORDS)
      .filter((name) => name.endsWith(".json"))
      .map((name) => [name.slice(0, -".json".length), JSON.parse(readFileSync(new URL(name, RECORDS), "utf8")) as RunRecord]),
  );
}

/** The whole page. */
export function pageOf(records: Records): string {
  const rows = PROMISES.map((each, i) => {
    const { state, figures } = standing(each, records);
    return `| ${i + 1} | ${each.says} | ${state} | ${figures} | ${code(each.command)} | ${each.twin} |`;
  });
  const runs = Object.values(records).flatMap((run) =>
    run === undefined ? [] : [`| \`${run.command}\` | ${run.day} | \`${run.commit}\` | ${run.figures.failed} | ${run.machine} |`],
  );
  return `# Reliability

Ten promises, and how far each has been tried. A row holds when nothing failed and its figures reach their aims; what is short of an aim, or was not
measured, says so. Each command runs on any machine, and each promise has a fault that is planted to see that the command finds it.

| | promise | state | last figures | command | planted |
| --- | --- | --- | --- | --- | --- |
${rows.join("\n")}

## The runs

\`npm run reliability -- SUITE …\` runs a suite and keeps its figures in \`test/reliability/records\`; without a suite it writes this page from them. Do not
edit it by hand.

| command | day | commit | failed | machine |
| --- | --- | --- | --- | --- |
${runs.join("\n")}

What each kind of data survives is in [durability.md](durability.md), how the simulator works in [simulation.md](simulation.md), what hours of
load showed in [endurance.md](endurance.md).
`;
}

function standing({ shown }: (typeof PROMISES)[number], records: Records): { readonly state: string; readonly figures: string } {
  if (shown.length === 0) return { state: "❌ not measured", figures: "" };
  const cells = shown.map(({ suite, figure, unit, least = -Infinity, most = Infinity }) => {
    const run = records[suite];
    const value = run?.figures[figure];
    if (run === undefined || value === undefined) return { text: `${unit}: not measured`, holds: false };
    const holds = run.figures.failed === 0 && value >= least && value <= most;
    const aim = holds
      ? ""
      : ` (aim: ${value < least ? `at least ${count(least)}` : value > most ? `at most ${count(most)}` : "0 failed"})`;
    return { text: `${count(value)} ${unit}${aim}`, holds };
  });
  if (shown.every(({ suite }) => records[suite] === undefined)) return { state: "❌ not measured", figures: "" };
  return {
    state: cells.every(({ holds }) => holds) ? "✅ holds" : "❌ short",
    figures: cells.map(({ text }) => text).join("; "),
  };
}

const count = (value: number): string => value.toLocaleString("en");
const code = (command: string): string => (command.startsWith("np") ? `\`${command}\`` : command);
