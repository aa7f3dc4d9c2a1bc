/**
 * `node test/histories/record.ts [CHECKOUT]`: records a history with the code here, or of another checkout. The server of that
 * version runs the project beside this file, is killed in the middle of a step, and its data directory is packed with its story.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { startServer, type Envelope, type Server } from "../support/server.ts";
import { INSTANCES, PINNED, type Recorded } from "./instances.ts";
import { shownIn, USER_PASSWORD, WORKFLOW, type Story, type ToldInstance } from "./story.ts";

/** How long the attempt that the kill interrupts goes on if there is no kill, in milliseconds. */
const HELD_MS = 60_000;
const RETENTION = { success_retention: "3000 days", error_retention: "3000 days" };
const HERE = fileURLToPath(new URL(".", import.meta.url));

/** Asks until the answer is what is waited for; for a minute at most. */
async function until(ask: () => Promise<Envelope>, isIt: (answer: Envelope) => boolean): Promise<Envelope> {
  for (const deadline = Date.now() + 60_000; ;) {
    const answer = await ask();
    if (isIt(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`Still ${JSON.stringify(answer)}`);
    await new Promise((wait) => setTimeout(wait, 50));
  }
}

/** Makes an instance what it is to be when the server is killed. */
async function tell(server: Server, id: string, { story = id, status, events = [], changes = [] }: Recorded): Promise<void> {
  const path = `/workflows/${WORKFLOW}/instances`;
  const params = { story, note: "of before", heldUntil: Date.now() + HELD_MS };
  accepted(await server.call("POST", path, { instance_id: id, params, instance_retention: RETENTION }));
  const at = (reached: string): Promise<Envelope> =>
    until(
      () => server.call("GET", `${path}/${id}`),
      ({ result }) => (result as { status: string }).status === reached,
    );
  for (const { type, payload } of events) accepted(await server.call("POST", `${path}/${id}/events/${type}`, payload));
  for (const { from, change } of changes) {
    await at(from);
    accepted(await server.call("PATCH", `${path}/${id}/status`, change));
  }
  await at(status);
}

function accepted(answer: Envelope): Envelope {
  if (!answer.success) throw new Error(`Refused: ${JSON.stringify(answer)}`);
  return answer;
}

/** The instances as they are shown when no step but the one that is held is under way. */
async function instancesOf(server: Server): Promise<Record<string, ToldInstance>> {
  const instances: Record<string, ToldInstance> = {};
  for (const [id, { isSettled = () => true, ...recorded }] of Object.entries({ ...INSTANCES, pinned: PINNED })) {
    const answer = await until(
      () => server.call("GET", `/workflows/${WORKFLOW}/instances/${id}`),
      (each) => isSettled(shownIn(each)),
    );
    const { goesOn, next, later } = recorded;
    instances[id] = { shown: shownIn(answer), ...(goesOn && { goesOn }), ...(next && { next }), ...(later && { later }) };
  }
  return instances;
}

/** Schedules are as old as histories; cron triggers came later. */
async function cronsOf(server: Server): Promise<string[]> {
  const { success, result } = await server.call("GET", "/workers/scripts/stories/schedules");
  const triggers = success ? (result as { schedules: { cron: string }[] }).schedules.map(({ cron }) => cron) : [];
  return ["0 3 1 1 *", ...triggers];
}

/** Makes another version of the code. */
function edit(file: string): void {
  writeFileSync(file, readFileSync(file, "utf8").replace('"first edition"', '"second edition"'));
}

/** Runs the Worker with storage for as long as it writes. */
async function writeStorage(serve: (project: string) => Promise<Server>): Promise<Pick<Story, "storage" | "messages">> {
  const server = await serve("storage");
  const ask = async (path: string): Promise<Record<string, unknown>> => {
    const response = await fetch(`${server.url}/workers/storage/${path}`);
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as Record<string, unknown>;
  };
  const written = await ask("write");
  const storage = await ask("read");
  await server.stop();
  return { storage, messages: "QUEUE" in written ? 1 : undefined };
}

/** Runs a command of that version that ends by itself. */
function run(main: string, args: readonly string[], input = ""): string {
  return execFileSync(process.execPath, [main, ...args], { input, encoding: "utf8" });
}

/** Users came after tokens, and roles with them. */
function credentials(main: string, data: string, hasUsers: boolean): Pick<Story, "token" | "users"> {
  const role = hasUsers ? ["--role", "admin"] : [];
  const printed = run(main, ["token", "create", ...role, "--label", "history", "--data", data]);
  const token = /sw_[\w-]+/.exec(printed)?.[0];
  if (token === undefined) throw new Error(`No token in: ${printed}`);
  if (!hasUsers) return { token, users: [] };
  run(main, ["user", "create", "ada", "--role", "viewer", "--data", data], `${USER_PASSWORD}\n`);
  return { token, users: ["ada"] };
}

/** Leaves only what cannot be made again, as small as it goes. */
function pack(data: string, target: string): void {
  for (const name of readdirSync(data, { recursive: true, encoding: "utf8" })) {
    if (!/\.(db|sqlite|logs)$/.test(name)) continue;
    const db = new DatabaseSync(join(data, name));
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    db.close();
  }
  const excluded = ["*.db-shm", "*.db-wal", "*.logs-shm", "*.logs-wal", "*.lock", "first-token"].map(
    (name) => `--exclude=${name}`,
  );
  execFileSync("tar", ["-czf", target, "--owner=0", "--group=0", "--numeric-owner", ...excluded, "-C", data, "."]);
}

const schemaOf = (data: string): number => {
  const db = new DatabaseSync(join(data, "stepwell.db"));
  const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  db.close();
  return version;
};

/** Records with the code of a checkout; the folder that it returns is new. */
async function record(checkout: string): Promise<string> {
  const main = join(checkout, "src", "cli", "main.ts");
  const scratch = mkdtempSync(join(tmpdir(), "stepwell-history-"));
  const data = join(scratch, "data");
  cpSync(join(HERE, "project"), scratch, { recursive: true });
  writeFileSync(join(scratch, "stories", ".dev.vars"), "SECRET=never-in-the-clear\n");
  const serve = async (project: string): Promise<Server> => {
    const server = await startServer(["dev", join(scratch, project), "--data", data, "--port", "0", "--quiet"], {}, main);
    // Whatever fails here, no server stays behind.
    process.once("exit", () => server.process.kill("SIGKILL"));
    return server;
  };
  const stored = await writeStorage(serve);
  const first = await serve("stories");
  await tell(first, "pinned", PINNED);
  await first.stop();
  edit(join(scratch, "stories", "index.js"));
  const server = await serve("stories");
  for (const [id, recorded] of Object.entries(INSTANCES)) await tell(server, id, recorded);
  await tell(server, "deleted", { story: "completed", status: "complete" });
  accepted(await server.call("DELETE", `/workflows/${WORKFLOW}/instances/deleted`));
  const instances = await instancesOf(server);
  const crons = await cronsOf(server);
  await server.kill();
  const hasUsers = existsSync(join(checkout, "src", "access"));
  const commit = execFileSync("git", ["-C", checkout, "rev-parse", "--short=12", "HEAD"], { encoding: "utf8" }).trim();
  const schema = schemaOf(data);
  const about = { commit, schema, recordedAt: Date.now(), crons };
  const story: Story = { ...about, ...credentials(main, data, hasUsers), ...stored, instances };
  const day = execFileSync("git", ["-C", checkout, "log", "-1", "--format=%cs"], { encoding: "utf8" }).trim();
  const folder = join(HERE, "recorded", `${day}-schema-${schema}`);
  // Fails if it is there: what has been recorded stays.
  mkdirSync(folder);
  pack(data, join(folder, "data.tar.gz"));
  writeFileSync(join(folder, "story.json"), `${JSON.stringify(story, undefined, 2)}\n`);
  rmSync(scratch, { recursive: true, force: true });
  return folder;
}

const [checkout = join(HERE, "..", "..")] = process.argv.slice(2);
process.stdout.write(`Recorded ${await record(resolve(checkout))}\n`);
// Opened earlier, the interrupted attempts would still be held.
await new Promise((passed) => setTimeout(passed, HELD_MS));
