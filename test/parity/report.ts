/** The page of what was compared: docs/dev-parity.md. */
import type { Compared } from "./compare.ts";
import { shown } from "./compare.ts";
import type { Topic } from "./input.ts";

const TITLES: Readonly<Record<Topic, string>> = {
  packages: "Packages",
  modules: "Modules and rules",
  code: "Source code and Node's modules",
  configuration: "Configuration",
};

/** The longest answer that the page shows, in characters. */
const SHOWN = 80;

export function page(compared: readonly Compared[], versions: { readonly wrangler: string }): string {
  const count = (verdict: Compared["verdict"]): number => compared.filter((each) => each.verdict === verdict).length;
  const lines = [
    "# `stepwell dev` compared with `wrangler dev`",
    "",
    `\`npm run parity -- --write\` ran ${compared.length} small projects with wrangler ${versions.wrangler} and stepwell, and wrote this page.`,
    `${count("same")} give the same response, ${count("explained")} differ for a given reason, ${count("different")} differ without one.`,
    '"refused" means that the project fails to start, with an error. For error responses, only the status is compared.',
  ];
  for (const [topic, title] of Object.entries(TITLES)) {
    lines.push("", `## ${title}`, "", "| project | about | response of both |", "|---|---|---|");
    for (const each of compared.filter(({ input }) => input.topic === topic)) lines.push(row(each));
  }
  return `${lines.join("\n")}\n`;
}

function row({ input, wrangler, stepwell, verdict }: Compared): string {
  const both = code(shown(stepwell.outcome));
  const apart = `wrangler ${code(shown(wrangler.outcome))}, stepwell ${both}`;
  const answer = verdict === "same" ? both : `${apart}: ${input.onPurpose ?? "**not explained**"}`;
  return `| ${input.name} | ${input.about} | ${answer} |`;
}

function code(text: string): string {
  const short = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return `\`${short
    .replaceAll(/\s+/g, " ")
    .replaceAll("|", String.raw`\|`)
    .replaceAll("`", "'")}\``;
}
