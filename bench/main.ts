/**
 * `npm run bench`: stepwell and its peers, side by side in one run; every durable write is fsynced. `--help` lists the options
 * and the rows. Exit code 1: a row could not be measured; 2: wrong usage, with nothing measured.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, totalmem } from "node:os";
import { compare } from "./against.ts";
import { readOptions, UsageError, usage, type BenchOptions } from "./options.ts";
import { run, type Row } from "./row.ts";
import { BENCHMARKS } from "./rows.ts";

try {
  const options = readOptions(process.argv.slice(2), BENCHMARKS);
  if (options === "help") process.stdout.write(usage(BENCHMARKS));
  else process.exitCode = (await measure(options)) ? 0 : 1;
} catch (cause) {
  if (!(cause instanceof UsageError)) throw cause;
  process.stderr.write(`${cause.message}\n`);
  process.exitCode = 2;
}

/** False when a row could not be measured. */
async function measure(options: BenchOptions): Promise<boolean> {
  if (options.against === undefined) {
    const { rows, failed } = await alone(options);
    save(options, { rows });
    return failed === 0;
  }
  const rows = await compare(options, options.against);
  save(options, { against: options.against, rows });
  return rows.every(({ pairs }) => pairs.length === options.pairs);
}

async function alone({ benchmarks, isWanted, quick }: BenchOptions): Promise<{ rows: Row[]; failed: number }> {
  const rows: Row[] = [];
  let failed = 0;
  for (const benchmark of benchmarks) {
    try {
      for (const row of await run(benchmark, { runs: quick ? 1 : 3, quick })) {
        if (!isWanted(row.id)) continue;
        rows.push(row);
        const name = `${row.id.padEnd(28)} ${row.system.padEnd(10)} ${row.executor.padEnd(11)}`;
        process.stdout.write(`${name} ${figure(row.median).padStart(10)} ${row.unit}\n`);
      }
    } catch (cause) {
      // The rows after it are measured all the same.
      failed += 1;
      const name = `${benchmark.ids.join(", ")} (${benchmark.system}, ${benchmark.executor})`;
      process.stderr.write(`${name} could not be measured: ${cause instanceof Error ? cause.message : String(cause)}\n`);
    }
  }
  return { rows, failed };
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(3);
}

function save({ json }: BenchOptions, results: object): void {
  if (json === undefined) return;
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? "",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${platform()} ${arch()}`,
  };
  writeFileSync(json, `${JSON.stringify({ machine, versions: versions(), ...results }, undefined, 2)}\n`);
}

function versions(): Record<string, string> {
  const own = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return { stepwell: own.version, node: process.versions.node, sqlite: process.versions["sqlite"] ?? "" };
}
