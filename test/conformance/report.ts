/** The page `docs/conformance.md`: counts, every scenario with its verdict, and what exactly differs. Holds no times, so that the same findings make the same page. */
import type { Comparison, Parting } from "./compare.ts";
import { KNOWN } from "./known.ts";
import type { Difference } from "./scenario.ts";

type Verdict = "same" | Difference["differs"];

const HEAD = `# Conformance

A comparison of stepwell with Cloudflare's local engine (Workflows in workerd, as miniflare starts it) on the same Workers. stepwell runs
them in workerd, its default; \`npm run conformance -- --executor node\` compares its Node executor.
Written by \`npm run conformance -- --write\`; \`npm run conformance\` fails when a difference has no explanation, when an
explanation no longer applies, and when this page is out of date.

Each scenario is a small workflow in \`test/conformance/scenarios/\` and a script of calls through its binding. Compared are
what user code saw, what the calls answered, the final status, output and error, the public events in their order, and the
step log. Where the local engine differs from Cloudflare's documentation or production, stepwell follows the latter. Sections
(§) refer to the description of Cloudflare's behaviour that stepwell was written from.
`;

/** The page's text. */
export function report(comparisons: readonly Comparison[]): string {
  const parts = [HEAD, counts(comparisons), known(), table(comparisons), details(comparisons)];
  return parts.filter((part) => part !== "").join("\n");
}

function verdict({ partings }: Comparison): Verdict {
  if (partings.length === 0) return "same";
  return partings.some(({ difference }) => difference?.differs === "local defect") ? "local defect" : "on purpose";
}

function counts(comparisons: readonly Comparison[]): string {
  const row = (name: string, some: readonly Comparison[]): string => {
    const number = (wanted: Verdict): number => some.filter((each) => verdict(each) === wanted).length;
    return `| ${name} | ${some.length} | ${number("same")} | ${number("on purpose")} | ${number("local defect")} |`;
  };
  const topics = Map.groupBy(comparisons, ({ scenario }) => scenario.topic);
  return [
    "| topic | scenarios | same | different on purpose | local engine defect, not copied |",
    "| --- | ---: | ---: | ---: | ---: |",
    ...[...topics].map(([name, some]) => row(name, some)),
    row("**all**", comparisons),
    "",
  ].join("\n");
}

function known(): string {
  const lines = KNOWN.map(({ because, differs, section, in: aspect }) => `* ${because} (${differs}, ${aspect}, ${section})`);
  return ["## Differences in all scenarios", "", "These are not repeated below:", "", ...lines, ""].join("\n");
}

function table(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map((each) => {
    const reasons = [...new Set(each.partings.map(({ difference }) => difference))].filter((one) => one !== undefined);
    const cell = (wanted: Difference["differs"]): string =>
      reasons
        .filter(({ differs }) => differs === wanted)
        .map(({ because, section }) => `${because} (${section})`)
        .join(" ");
    return `| ${each.scenario.name} | ${reasons.length === 0 ? "same" : ""} | ${cell("on purpose")} | ${cell("local defect")} |`;
  });
  return [
    "## Scenarios",
    "",
    "| scenario | same | different on purpose | local engine defect, not copied |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function details(comparisons: readonly Comparison[]): string {
  const parting = ({ aspect, own, peer }: Parting): string[] => {
    const [mine, theirs] = apart(own, peer);
    return [aspect, ...mine.map((line) => `  stepwell  ${line}`), ...theirs.map((line) => `  local     ${line}`)];
  };
  const parts = comparisons
    .filter(({ partings }) => partings.length > 0)
    .flatMap(({ scenario, partings }) => [`### ${scenario.name}`, "", "```text", ...partings.flatMap(parting), "```", ""]);
  return ["## Differences in detail", "", "Common lines at the beginning and at the end are omitted.", "", ...parts].join("\n");
}

/** Without what both begin and end with. One that has nothing left says so. */
export function apart(own: readonly string[], peer: readonly string[]): [readonly string[], readonly string[]] {
  let from = 0;
  while (from < own.length && from < peer.length && own[from] === peer[from]) from += 1;
  let back = 0;
  while (back < own.length - from && back < peer.length - from && own.at(-1 - back) === peer.at(-1 - back)) back += 1;
  const rest = (lines: readonly string[]): readonly string[] => {
    const left = lines.slice(from, lines.length - back).map((line) => (line === "" ? "(nothing)" : line));
    return left.length === 0 ? ["(nothing)"] : left;
  };
  return [rest(own), rest(peer)];
}
