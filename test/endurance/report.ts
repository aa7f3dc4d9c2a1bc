/** What a run of the suite has found: for a terminal, for programs, as a chart, and as the figures of the documentation. */
import { readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, totalmem } from "node:os";
import { chart, shown } from "./chart.ts";
import { SERIES, type Result } from "./trial.ts";

/** Of the whole run. */
export interface RunFacts {
  readonly seed: number;
  readonly minutes: number;
  readonly seconds: number;
}

const PAGE = new URL("../../docs/endurance.md", import.meta.url);
const PICTURE = new URL("../../docs/endurance.svg", import.meta.url);
/** What is between these two lines of the page is written by `--write`. */
const BEGIN = "<!-- figures: written by npm run endurance -- --write -->";
const END = "<!-- end of figures -->";

/** Prints a result: figures on lines of their own, and every check that failed. */
export function print({ name, executor, seconds, checks, facts, series }: Result): void {
  const failed = checks.filter(({ holds }) => !holds);
  const lines = [
    `\n${failed.length === 0 ? "ok    " : "FAILED"} ${name} (${executor}), ${Math.round(seconds)} s, ${checks.length} checks`,
  ];
  for (const fact of facts) lines.push(`  ${fact.name.padEnd(36)} ${shown(fact.value).padStart(10)} ${fact.unit}`);
  for (const { name: what, growth } of series) {
    if (growth === undefined) continue;
    const change = `${shown(growth.second)} to ${shown(growth.last)}`;
    lines.push(`  ${what.padEnd(36)} ${change.padStart(18)} ${SERIES[what].unit} (2nd to last quarter)`);
  }
  for (const { what, detail } of failed) lines.push(`  NOT: ${what}${detail === "" ? "" : `: ${detail}`}`);
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** For `--json`. */
export function record(results: readonly Result[], run: RunFacts): object {
  return { machine: machine(), versions: { node: process.versions.node }, ...run, results };
}

export function picture(results: readonly Result[]): string {
  return chart(
    results
      .filter(({ series }) => series.length > 0)
      .map(({ name, executor, series }) => ({
        title: `${name} (${executor})`,
        strips: series.map((each) => ({ label: each.name, unit: SERIES[each.name].unit, samples: each.samples })),
      })),
  );
}

/** Puts the figures into the documentation, and the chart beside it. */
export function writePage(results: readonly Result[], run: RunFacts): void {
  const text = readFileSync(PAGE, "utf8");
  const [begin, end] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)];
  writeFileSync(PAGE, `${text.slice(0, begin)}\n\n${figures(results, run)}\n\n${text.slice(end)}`);
  writeFileSync(PICTURE, picture(results));
}

function figures(results: readonly Result[], { minutes, seconds, seed }: RunFacts): string {
  const { model, cpus: cores, memoryGiB } = machine();
  const facts = results.flatMap(({ name, executor, facts: each }) =>
    each.map((fact) => `| ${name} | ${executor} | ${fact.name} | ${shown(fact.value)} ${fact.unit} |`),
  );
  const flat = results.flatMap(({ name, executor, series }) =>
    series.flatMap(({ name: what, growth }) =>
      growth === undefined
        ? []
        : [
            `| ${name} | ${executor} | ${what} | ${shown(growth.second)} | ${shown(growth.last)} | ${shown(growth.allowed)} | ${SERIES[what].unit} |`,
          ],
    ),
  );
  const checks = results.flatMap((each) => each.checks);
  const passed = checks.filter(({ holds }) => holds).length;
  return `Share of ${minutes} minutes, seed ${seed}: ${passed} of ${checks.length} checks passed in ${seconds} s on ${cores} cores (${model}),
${memoryGiB} GiB, Node ${process.versions.node}.

| scenario | executor | figure | value |
| --- | --- | --- | --- |
${facts.join("\n")}

| scenario | executor | figure | second quarter | last quarter | may grow by | unit |
| --- | --- | --- | --- | --- | --- | --- |
${flat.join("\n")}`;
}

function machine(): { readonly cpus: number; readonly model: string; readonly memoryGiB: number; readonly os: string } {
  return {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? "",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${platform()} ${arch()}`,
  };
}
