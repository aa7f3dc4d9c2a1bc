/**
 * `npm run parity`: small projects, run by `wrangler dev` and by `stepwell dev`. Ends with 1 when they differ without a reason.
 * `--only NAME` runs one (again for more), `--share N/M` a part of all, `--show` prints what both say, `--write` writes the page.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readCommandLine, refuse } from "../support/command-line.ts";
import { INPUTS } from "./all.ts";
import { compare, shown, type Compared } from "./compare.ts";
import type { Input } from "./input.ts";
import { page } from "./report.ts";
import { CLIENTS } from "./system.ts";

const COMMAND = "npm run parity";

const USAGE = `${COMMAND} -- [options]: small projects, run by wrangler dev and by stepwell dev. Takes some minutes.

  --only NAME       one project; again for more
  --share N/M       a part of all, from 1/M to M/M
  --jobs N          projects at once (2)
  --show            prints what both say
  --write           writes docs/dev-parity.md
  --help            prints this
`;

const values = readCommandLine(COMMAND, USAGE, {
  only: { type: "string", multiple: true },
  share: { type: "string", default: "1/1" },
  jobs: { type: "string", default: "2" },
  show: { type: "boolean", default: false },
  write: { type: "boolean", default: false },
});

const wanted = chosen();
if (wanted.length === 0) refuse(COMMAND, "There is no project of that name, or in that share");
if (!(Number(values.jobs) >= 1)) refuse(COMMAND, `--jobs takes a number from 1, not "${values.jobs}"`);
const compared: Compared[] = [];
const queue = wanted.entries();
await Promise.all(Array.from({ length: Number(values.jobs) }, work));
await rm(new URL("packages/projects", import.meta.url), { recursive: true, force: true });
const failed = compared.filter(({ verdict }) => verdict === "different").length;
process.stdout.write(`\n${compared.length - failed} passed, ${failed} failed\n`);
if (values.write) await write();
process.exitCode = failed === 0 && compared.length > 0 ? 0 : 1;

function chosen(): readonly Input[] {
  const { only } = values;
  if (only !== undefined) return INPUTS.filter(({ name }) => only.includes(name));
  const [part = 1, of = 1] = values.share.split("/").map(Number);
  return INPUTS.filter((_, i) => i % of === part - 1);
}

/** Several take from one queue. */
async function work(): Promise<void> {
  for (const [i, input] of queue) {
    const result = await compare(input);
    compared[i] = result;
    process.stdout.write(`${result.verdict.padEnd(9)} ${input.name}\n`);
    if (values.show || result.verdict === "different") show(result);
  }
}

function show({ wrangler, stepwell }: Compared): void {
  for (const [name, { outcome, printed }] of Object.entries({ wrangler, stepwell })) {
    process.stdout.write(`  ${name}: ${shown(outcome)}\n`);
    if (values.show) process.stdout.write(`${printed.replaceAll(/^/gm, "    ")}\n`);
  }
}

async function write(): Promise<void> {
  const installed = join(CLIENTS, "wrangler/package.json");
  const { version } = JSON.parse(await readFile(installed, "utf8")) as { version: string };
  await writeFile(new URL("../../docs/dev-parity.md", import.meta.url), page(compared, { wrangler: version }));
}
