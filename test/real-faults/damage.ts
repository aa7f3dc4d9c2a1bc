/**
 * Overwrites pages of databases while no server runs. `stepwell check` finds every one, and a server either does not start, and says
 * why, or answers what it cannot read with an error of the catalogue: it serves nothing else than before, and does not end.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { examine } from "../../src/stores/sqlite/connection/damage.ts";
import { randomFrom, seedFor } from "../support/random.ts";
import { makeProject, runCommand } from "../support/server.ts";
import { Mortal } from "./storm/mortal.ts";
import { within } from "./storm/storm.ts";
import type { Suite } from "./suite.ts";
import { project } from "./storm/worker.ts";

const INSTANCES = 25;
const STEPS = 8;
const BASE = "/client/v4/accounts/local/workflows/row/instances";
/** The file of which pages are overwritten, in a folder of its own. */
const COPY = "copy.db";
const SECTOR_BYTES = 512;
const END_MS = 60_000;
/** What a server may print of damage that is met again and again, in characters. */
const MOST_PRINTED = 100_000;
/** A page that a refusal may be about: damaged, not a database, an error of the disk. */
const REFUSALS = new Set([10957, 10921, 10926, 10927]);

interface Page {
  readonly number: number;
  readonly table: string;
  readonly type: string;
}

export async function damage(suite: Suite): Promise<void> {
  const until = performance.now() + suite.forMs;
  const random = randomFrom(seedFor(suite.seed, "damage"));
  const folder = mkdtempSync(join(tmpdir(), "stepwell-faults-"));
  const data = join(folder, "data");
  mkdirSync(data);
  const made = await makeProject(project("node", { url: "", file: join(folder, "ledger") }));
  const server = new Mortal(suite.library, "node", { folder, data, project: made.folder });
  try {
    await server.start();
    const before = await fill(suite, server);
    suite.check("a server is stopped before its files are damaged", (await server.stop()) === 0);
    const whole = join(folder, "whole");
    cpSync(data, whole, { recursive: true });
    suite.check("an undamaged data directory has no problems", problems(data).length === 0, problems(data).join("; "));
    for (const file of ["stepwell.db", "queues.db"]) everyPage(suite, join(data, file), random);
    const all = shuffled(pagesOf(join(data, "stepwell.db")), random);
    // One of each table before others.
    const isFirst = (page: Page, i: number): boolean => all.findIndex(({ table }) => table === page.table) === i;
    const pages = [...all.filter(isFirst), ...all.filter((page, i) => !isFirst(page, i))];
    for (let tried = 0; tried < pages.length && (tried < 2 || performance.now() < until); tried += 1) {
      rmSync(data, { recursive: true });
      cpSync(whole, data, { recursive: true });
      await servedFrom(suite, server, data, { page: pages[tried] as Page, before, random });
    }
  } finally {
    await server.kill();
    await made.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the server answers of instances that have run. */
async function fill(suite: Suite, server: Mortal): Promise<Map<string, string>> {
  for (let id = 1; id <= INSTANCES; id += 1) {
    await server.send("POST", BASE, { instance_id: String(id), params: { steps: STEPS, text: "x".repeat(id * 40) } });
    for (const payload of [1, 2]) await server.send("POST", `${BASE}/${id}/events/news`, payload);
  }
  const answers = new Map<string, string>();
  let complete = false;
  for (const end = performance.now() + END_MS; !complete && performance.now() < end;) {
    const { text } = await server.send("GET", `${BASE}?per_page=100&status=complete`);
    complete = (JSON.parse(text) as { result: unknown[] }).result.length === INSTANCES;
  }
  suite.check("instances complete before the damage", complete);
  for (let id = 1; id <= INSTANCES; id += 1) answers.set(`${BASE}/${id}`, (await server.send("GET", `${BASE}/${id}`)).text);
  return answers;
}

function problems(folder: string): string[] {
  return [...examine(folder)].flatMap(({ file, problems: found }) => found.map((text) => `${file}: ${text}`));
}

function pagesOf(file: string): Page[] {
  const db = new DatabaseSync(file, { readOnly: true });
  const rows = db.prepare("SELECT pageno AS number, name AS 'table', pagetype AS type FROM dbstat").all();
  db.close();
  return rows as unknown as Page[];
}

/** Each page by itself: with garbage, and with nothing in it. */
function everyPage(suite: Suite, file: string, random: () => number): void {
  const pages = pagesOf(file).filter(({ type }) => type !== "overflow");
  const { missed, sectors } = overwritten(file, pages, { random, isDamaged: (folder) => problems(folder).length > 0 });
  suite.add("pages damaged", pages.length * 2);
  suite.add("sectors damaged", pages.length);
  suite.add("sectors found by the check", sectors);
  suite.check(`every damaged page of ${basename(file)} is found`, missed.length === 0, missed.slice(0, 5).join("; "));
  const planted = overwritten(file, pages, { random, isDamaged: (folder) => !opens(join(folder, COPY)) });
  suite.check(`planted fault, a check that only opens ${basename(file)}: it is found`, planted.missed.length > 0);
}

interface Overwriting {
  readonly random: () => number;
  /** Looks at a folder with one database. */
  readonly isDamaged: (folder: string) => boolean;
}

/** Pages that are overwritten without being found, and how many are found of which one sector is overwritten. */
function overwritten(
  file: string,
  pages: readonly Page[],
  { random, isDamaged }: Overwriting,
): { missed: string[]; sectors: number } {
  const whole = readFileSync(file);
  const size = whole.readUInt16BE(16);
  const folder = mkdtempSync(join(tmpdir(), "stepwell-faults-"));
  const missed: string[] = [];
  let sectors = 0;
  for (const { number, table } of pages) {
    const at = (number - 1) * size;
    for (const [what, from, length, fill] of [
      ["garbage", 0, size, () => Math.floor(random() * 256)],
      ["zeros", 0, size, () => 0],
      ["a sector", SECTOR_BYTES * Math.floor((random() * size) / SECTOR_BYTES), SECTOR_BYTES, () => Math.floor(random() * 256)],
    ] as const) {
      const bytes = Buffer.from(whole);
      for (let i = 0; i < length; i += 1) bytes[at + from + i] = fill();
      writeFileSync(join(folder, COPY), bytes);
      const isFound = isDamaged(folder);
      if (what === "a sector") sectors += isFound ? 1 : 0;
      else if (!isFound) missed.push(`page ${number} (${table}) with ${what}`);
    }
  }
  rmSync(folder, { recursive: true });
  return { missed, sectors };
}

/** Whether a database can be opened and its tables listed, which most damage does not prevent. */
function opens(file: string): boolean {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    db.prepare("SELECT name FROM sqlite_schema").all();
    return true;
  } catch {
    return false;
  } finally {
    db.close();
  }
}

interface Served {
  readonly page: Page;
  readonly before: ReadonlyMap<string, string>;
  readonly random: () => number;
}

/** A server on a database with one page of garbage. */
async function servedFrom(suite: Suite, server: Mortal, data: string, { page, before, random }: Served): Promise<void> {
  const file = join(data, "stepwell.db");
  const bytes = readFileSync(file);
  const size = bytes.readUInt16BE(16);
  for (let i = 0; i < size; i += 1) bytes[(page.number - 1) * size + i] = Math.floor(random() * 256);
  writeFileSync(file, bytes);
  const name = `page ${page.number} of ${page.table}`;
  suite.add("servers on damaged files", 1);
  const { code, stdout } = await runCommand(["check", "--data", data]);
  suite.check(`stepwell check names the damage: ${name}`, code === 1 && stdout.includes("damaged  stepwell.db:"), stdout);
  try {
    await server.start();
  } catch (cause) {
    const said = String(cause);
    suite.add("servers that refused to start", 1);
    suite.check(
      `a refusal to start says why: ${name}`,
      /ended with 1/.test(said) && /damaged|not a (?:stepwell )?database/.test(said) && !said.includes("    at "),
      said,
    );
    return;
  }
  const strange: string[] = [];
  let refused = 0;
  for (const [path, text] of before) {
    const answer = await server.send("GET", path).catch((cause: unknown) => ({ status: 0, text: String(cause) }));
    if (answer.status === 200 && answer.text === text) continue;
    refused += 1;
    if (!isRefusal(answer.text)) strange.push(`${path}: HTTP ${answer.status} ${answer.text.slice(0, 300)}`);
  }
  const created = await server
    .send("POST", BASE, { params: { steps: 1 } })
    .catch((cause: unknown) => ({ status: 0, text: String(cause) }));
  if (created.status !== 200 && !isRefusal(created.text))
    strange.push(`create: HTTP ${created.status} ${created.text.slice(0, 300)}`);
  suite.add("answers refused", refused);
  suite.check(
    `answers are as before or refused: ${name}`,
    strange.length === 0,
    `${strange.slice(0, 3).join("; ")}\n${server.printed()}`,
  );
  const isAlive = !(await within(1_000, () => !server.isAlive));
  suite.check(
    `the server stays, or ends with a reason: ${name}`,
    isAlive || /damaged|malformed/.test(server.printed()),
    server.printed(),
  );
  if (refused > 0)
    suite.check(`the log has the reason: ${name}`, /malformed|not a database|damaged/.test(server.printed()), server.printed());
  suite.check(`the log is not flooded: ${name}`, server.printedLength() < MOST_PRINTED, `${server.printedLength()} characters`);
  await server.kill();
}

function isRefusal(text: string): boolean {
  try {
    return REFUSALS.has((JSON.parse(text) as { errors: { code: number }[] }).errors[0]?.code ?? 0);
  } catch {
    return false;
  }
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}
