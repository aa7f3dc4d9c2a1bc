/** A real server under load while its disk, its processes and its clock fail, one round after another on data directories of their own. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Database } from "../../endurance/database.ts";
import { randomFrom, seedFor } from "../../support/random.ts";
import { makeProject } from "../../support/server.ts";
import { faults, type Fault } from "./faults.ts";
import { judge, keptIn, Ledger, undelivered, type Kept } from "./ledger.ts";
import { Load } from "./load.ts";
import { Mortal } from "./mortal.ts";
import type { Suite } from "../suite.ts";
import { project } from "./worker.ts";

export type ExecutorName = "node" | "workerd";

/** Of a round, at the most; a longer run has more of them. */
const ROUND_MS = 240_000;
/** How long everything may take to end once nothing fails any more. */
const END_MS = 120_000;
/** Until something is done again after a fault. */
const RECOVERY_MS = 45_000;
/** Between two faults, at the most. */
const CALM_MS = 1_500;
const SHOWN = 3;
const IDS_AT_ONCE = 200;

export const storm =
  (executor: ExecutorName) =>
  async (suite: Suite): Promise<void> => {
    const until = performance.now() + suite.forMs;
    for (let round = 0; round === 0 || performance.now() < until - 10_000; round += 1)
      await oneRound(suite, executor, round, Math.min(ROUND_MS, Math.max(8_000, until - performance.now())));
  };

async function oneRound(suite: Suite, executor: ExecutorName, round: number, forMs: number): Promise<void> {
  const random = randomFrom(seedFor(suite.seed, `${executor} ${round}`));
  const folder = mkdtempSync(join(tmpdir(), "stepwell-faults-"));
  const data = join(folder, "data");
  mkdirSync(data);
  const ledger = await Ledger.open(join(folder, "ledger"));
  const made = await makeProject(project(executor, ledger));
  const server = new Mortal(suite.library, executor, { folder, data, project: made.folder });
  const database = new Database(join(data, "stepwell.db"));
  try {
    await server.start();
    const load = new Load(server, database, executor === "node" ? 100 : 15);
    const loading = load.run();
    await weather(suite, server, load, { random, forMs });
    load.stop();
    await loading;
    await ended(suite, load, ledger);
    const lines = ledger.lines();
    const verdict = judge(lines, database.outputs("row"), load.sent);
    const kept = executor === "workerd" ? await missing(server, keptIn(lines)) : { missing: [], found: 0 };
    const lost = [...verdict.lost, ...kept.missing];
    suite.check(
      `round ${round}: nothing acknowledged is lost`,
      lost.length === 0,
      `${lost.length}: ${lost.slice(0, SHOWN).join("; ")}`,
    );
    suite.check(`round ${round}: nothing is doubled`, verdict.doubled.length === 0, verdict.doubled.slice(0, SHOWN).join("; "));
    suite.check(
      `round ${round}: every answer is one of the catalogue`,
      load.strange.length === 0,
      load.strange.slice(0, SHOWN).join("; "),
    );
    suite.add("acknowledged operations", verdict.operations + kept.found);
    suite.add("lost", lost.length);
    suite.add("doubled", verdict.doubled.length);
    suite.add("requests refused", load.refused);
    const code = await server.stop();
    suite.check(`round ${round}: a server that is asked to stop ends with 0`, code === 0, `${code}\n${server.printed()}`);
    database.close();
    const broken = damaged(data);
    suite.check(`round ${round}: every database is whole`, broken.length === 0, broken.join("; "));
  } finally {
    await server.kill();
    database.close();
    await ledger.close();
    await made.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One fault after another; after each something has to be done again. */
async function weather(
  suite: Suite,
  server: Mortal,
  load: Load,
  { random, forMs }: { random: () => number; forMs: number },
): Promise<void> {
  const until = performance.now() + forMs;
  let left: Fault[] = shuffled(faults(server, forMs), random);
  // Each of them once, however little time there is.
  while (left.length > 0 || performance.now() < until) {
    // Long stops come once in a round.
    if (left.length === 0) left = shuffled(faults(server, 0), random);
    const fault = left.pop() as Fault;
    const progress = (): Promise<boolean> => {
      const before = load.completed();
      return within(RECOVERY_MS, () => load.completed() > before);
    };
    await fault.strike(random, progress);
    suite.add(`faults, ${fault.name}`, 1);
    const recovered = await progress();
    suite.check(`work goes on after ${fault.name}`, recovered, `${JSON.stringify(load.counts())}\n${server.printed()}`);
    if (!recovered) return;
    // Most work is done while nothing fails.
    await new Promise((resolve) => setTimeout(resolve, random() * CALM_MS));
  }
}

/** Resolves once all instances have ended and all messages are delivered; says so if they do not. */
async function ended(suite: Suite, load: Load, ledger: Ledger): Promise<void> {
  const isOver = await within(END_MS, () => load.unfinished() === 0 && undelivered(ledger.lines()).length === 0);
  suite.check("everything ends once nothing fails any more", isOver, JSON.stringify(load.counts()));
}

/** What bindings have kept, asked of the server. */
async function missing(server: Mortal, kept: readonly Kept[]): Promise<{ missing: string[]; found: number }> {
  const wrong: string[] = [];
  for (const kind of new Set(kept.map((each) => each.kind))) {
    const all = kept.filter((each) => each.kind === kind);
    for (let at = 0; at < all.length; at += IDS_AT_ONCE) {
      const some = all.slice(at, at + IDS_AT_ONCE);
      const { text, status } = await server.send("POST", "/workers/faults/", { kind, ids: some.map(({ id }) => id) });
      const found = status === 200 ? (JSON.parse(text) as unknown[]) : [];
      some.forEach(({ id, token }, i) => {
        if (found[i] !== token) wrong.push(`${kind} ${id} is ${String(found[i])}, not ${token} (HTTP ${status})`);
      });
    }
  }
  return { missing: wrong, found: kept.length - wrong.length };
}

/** What SQLite finds wrong with the databases of a data directory. */
function damaged(data: string): string[] {
  const files = readdirSync(data, { recursive: true, encoding: "utf8" }).filter((name) => /\.(?:db|logs|sqlite)$/.test(name));
  return files.flatMap((name) => {
    if (statSync(join(data, name)).size === 0) return [];
    const db = new DatabaseSync(join(data, name), { readOnly: true });
    const found = Object.values(db.prepare("PRAGMA integrity_check").get() ?? {})[0];
    db.close();
    return found === "ok" ? [] : [`${name}: ${String(found)}`];
  });
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

/** Whether something holds within a time. */
export async function within(ms: number, holds: () => boolean): Promise<boolean> {
  for (const until = performance.now() + ms; performance.now() < until;) {
    if (holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return holds();
}
