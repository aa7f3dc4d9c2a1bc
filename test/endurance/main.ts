/**
 * `npm run endurance`: what only long use shows. Runs the scenarios of `scenarios/all.ts` on real servers and closes with the
 * number of checks that passed and failed. `--help` lists the options.
 */
import { writeFileSync } from "node:fs";
import { readOptions, usage, UsageError, type Options } from "./options.ts";
import { picture, print, record, writePage } from "./report.ts";
import { SCENARIOS } from "./scenarios/all.ts";
import { Trial, type Result, type Scenario } from "./trial.ts";

const LEFTOVERS_MS = 5_000;

const interrupted = interruption();

try {
  const options = readOptions(process.argv.slice(2), SCENARIOS);
  if (options === "help") process.stdout.write(usage(SCENARIOS));
  else process.exitCode = await endure(options);
} catch (cause) {
  if (!(cause instanceof UsageError)) throw cause;
  process.stderr.write(`${cause.message}\n`);
  process.exitCode = 2;
}

async function endure(options: Options): Promise<number> {
  const { scenarios, minutes, seed } = options;
  process.stdout.write(`Seed ${seed}, share of ${minutes} minutes\n`);
  const begun = performance.now();
  const [idle, busy] = [scenarios.filter(({ load }) => load === "idle"), scenarios.filter(({ load }) => load === "busy")];
  const beside = Promise.all(idle.map((each) => endureOne(each, options)));
  const results: Result[] = [];
  for (const each of busy) results.push(await endureOne(each, options));
  results.push(...(await beside));
  const seconds = Math.round((performance.now() - begun) / 1_000);
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify(record(results, { seed, minutes, seconds }), undefined, 2)}\n`);
  if (options.svg !== undefined) writeFileSync(options.svg, picture(results));
  if (options.write) writePage(results, { seed, minutes, seconds });
  const checks = results.flatMap((each) => each.checks);
  const failed = checks.filter(({ holds }) => !holds).length;
  process.stdout.write(`\n${seconds} s\n${checks.length - failed} passed, ${failed} failed\n`);
  // Whatever a trial that hung has left waiting does not keep the process.
  setTimeout(() => process.exit(), LEFTOVERS_MS).unref();
  return failed === 0 ? 0 : 1;
}

async function endureOne(scenario: Scenario, { seed, scale }: Options): Promise<Result> {
  const limitMs = scenario.limitMs * Math.max(1, scale);
  const trial = new Trial(scenario, { seed, scale });
  const interrupt = (): void => trial.fail("the suite is not interrupted", String(interrupted.reason));
  interrupted.addEventListener("abort", interrupt);
  if (interrupted.aborted) interrupt();
  const result = await trial.run({ ...scenario, limitMs });
  interrupted.removeEventListener("abort", interrupt);
  print(result);
  return result;
}

/** Aborts when the process is asked to end. Every trial then cleans up; a second request ends the process at once. */
function interruption(): AbortSignal {
  const aborter = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => aborter.abort(name));
  return aborter.signal;
}
