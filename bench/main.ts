/**
 * `npm run bench`: stepwell and a peer, side by side in one run. Medians of three; every durable write is fsynced.
 * `--json FILE` writes the figures, `--only ID,…` runs some rows (`ID*`: all that begin so), `--quick` shortens (not for quoting).
 */
import { readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { miniflarePeer } from "./peers/miniflare.ts";
import { workerdPeer } from "./peers/workerd.ts";
import { run, type Benchmark, type Row } from "./row.ts";
import { history } from "./rows/history.ts";
import { instancePage } from "./rows/instance-page.ts";
import { kill } from "./rows/kill.ts";
import { lists } from "./rows/lists.ts";
import { rest } from "./rows/rest.ts";
import { rollback } from "./rows/rollback.ts";
import { sleepers } from "./rows/sleepers.ts";
import { streams } from "./rows/streams.ts";
import { subscribers } from "./rows/subscribers.ts";
import { throughput } from "./rows/throughput.ts";
import { workerd } from "./rows/workerd.ts";

const { values } = parseArgs({
  options: { json: { type: "string" }, only: { type: "string" }, quick: { type: "boolean", default: false } },
});

const benchmarks: readonly Benchmark[] = [
  ...throughput,
  ...rest,
  ...history,
  ...lists,
  ...kill,
  ...workerd,
  ...rollback,
  ...sleepers,
  ...streams,
  ...subscribers,
  ...instancePage,
  ...miniflarePeer,
  ...workerdPeer,
];
const only = values.only?.split(",");
const isWanted = (id: string): boolean =>
  only?.some((each) => (each.endsWith("*") ? id.startsWith(each.slice(0, -1)) : id === each)) ?? true;
const effort = { runs: values.quick ? 1 : 3, quick: values.quick };

const rows: Row[] = [];
for (const benchmark of benchmarks) {
  if (!benchmark.ids.some(isWanted)) continue;
  for (const row of await run(benchmark, effort)) {
    if (!isWanted(row.id)) continue;
    rows.push(row);
    const figure = row.median >= 100 ? Math.round(row.median).toLocaleString("en") : row.median.toFixed(3);
    process.stdout.write(
      `${row.id.padEnd(28)} ${row.system.padEnd(10)} ${row.executor.padEnd(11)} ${figure.padStart(10)} ${row.unit}\n`,
    );
  }
}

if (values.json !== undefined) {
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? "",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${platform()} ${arch()}`,
  };
  writeFileSync(values.json, `${JSON.stringify({ machine, versions: versions(), rows }, undefined, 2)}\n`);
}

function versions(): Record<string, string> {
  const own = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return { stepwell: own.version, node: process.versions.node, sqlite: process.versions["sqlite"] ?? "" };
}
