/** `stepwell serve` as a process: what has been deployed before, for those who have a token. */
import { chmod, lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { uploadOf } from "./support/deploying.ts";
import { makeProject, runCommand, startServer, type Project, type Server } from "./support/server.ts";

let project: Project;
let data: string;
let server: Server;

const serve = (...more: readonly string[]): Promise<Server> => startServer(["serve", "--data", data, "--port", "0", ...more]);

beforeAll(async () => {
  project = await makeProject({
    "wrangler.toml": 'name = "shop"\nmain = "index.js"\n[[workflows]]\nname = "quick"\nbinding = "QUICK"\nclass_name = "Quick"\n',
    "index.js":
      "export class Quick { async run(event, step) { await step.do('talk', () => console.warn('so quick')); } }\nexport default { fetch: () => new Response('the Worker') };\n",
  });
  data = join(project.folder, "data");
  const deploying = await startServer(["dev", project.folder, "--data", data, "--port", "0", "--quiet"]);
  expect(await deploying.stop()).toBe(0);
  server = await serve();
});
afterAll(async () => {
  await server.kill();
  await project.remove();
});

const tokensIn = (text: string): string[] => text.match(/sw_[\w-]+/g) ?? [];

const statusWith = async (token: string | undefined): Promise<number> => {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return (await fetch(`${server.url}/client/v4/accounts/local/workflows/quick`, { headers })).status;
};

const runUser = (input: string, ...args: readonly string[]): ReturnType<typeof runCommand> =>
  runCommand(["user", ...args, "--data", data], undefined, {}, input);

const token = (...args: readonly string[]): ReturnType<typeof runCommand> => runCommand(["token", ...args, "--data", data]);

let first: string;

/** What is in the data directory, itself included, that the group or others may read, write or enter. */
const openToOthers = async (): Promise<string[]> => {
  const entries = await readdir(data, { recursive: true, withFileTypes: true });
  const paths = [data, ...entries.map(({ parentPath, name }) => join(parentPath, name))];
  const modes = await Promise.all(paths.map(async (path) => [path, (await lstat(path)).mode & 0o077] as const));
  return modes.filter(([, mode]) => mode !== 0).map(([path]) => path);
};

test("the first start writes a token to a file of its user's, and says where; none prints one", async () => {
  expect(tokensIn(server.output())).toEqual([]);
  first = await server.firstToken();
  expect(server.output()).toContain(`First token: ${join(data, "first-token")}\n`);
  expect(first).toMatch(/^sw_[\w-]{43}$/);
  expect((await lstat(join(data, "first-token"))).mode & 0o777).toBe(0o600);
  expect(await server.stop()).toBe(0);
  server = await serve();
  expect(server.output()).toContain(`Ready on ${server.url}`);
  expect(server.output()).not.toContain("First token");
  expect(tokensIn(server.output())).toEqual([]);
});

test("all that is in the data directory is for its user alone", async () => {
  expect((await readdir(data)).toSorted()).toEqual(
    expect.arrayContaining(["audit.db", "first-token", "stepwell.db", "stepwell.db-wal", "stepwell.db.lock", "stepwell.key"]),
  );
  expect(await openToOthers()).toEqual([]);
});

test("a data directory that an earlier version left open is closed, and that is said; what is not ours stays as it is", async () => {
  expect(await server.stop()).toBe(0);
  const nested = join(data, "assets", "nested");
  await mkdir(nested, { recursive: true, mode: 0o755 });
  await writeFile(join(nested, "file"), "", { mode: 0o644 });
  const entries = await readdir(data, { recursive: true, withFileTypes: true });
  for (const entry of entries) await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  await chmod(data, 0o755);
  const foreign = join(data, "notes.txt");
  await writeFile(foreign, "", { mode: 0o644 });
  server = await serve();
  expect(await openToOthers()).toEqual([data, foreign]);
  expect(server.output()).toContain("contains files of other programs");
  await rm(foreign);
  expect(await server.stop()).toBe(0);
  server = await serve();
  expect(await openToOthers()).toEqual([]);
  expect(server.output()).toContain("its permissions are now restricted");
  expect(await server.stop()).toBe(0);
  server = await serve();
  expect(server.output()).not.toContain("permissions are now restricted");
});

test("a token is made for a role that is named", async () => {
  const refused = await token("create", "--label", "x");
  expect(refused).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("--role R: observer,") as string });
});

test("the API needs it, the Worker and the health check do not", async () => {
  expect(await Promise.all([statusWith(undefined), statusWith("sw_wrong"), statusWith(first)])).toEqual([401, 403, 200]);
  expect(await (await fetch(`${server.url}/workers/shop/`)).text()).toBe("the Worker");
  expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: "ok" });
});

test("stepwell logs prints the lines of an instance, and ends when the instance has", async () => {
  const headers = { authorization: `Bearer ${first}` };
  const body = JSON.stringify({ instance_id: "talked" });
  await fetch(`${server.url}/client/v4/accounts/local/workflows/quick/instances`, { method: "POST", headers, body });
  const logs = (...args: readonly string[]): ReturnType<typeof runCommand> =>
    runCommand(["logs", "quick", ...args], undefined, {
      CLOUDFLARE_API_BASE_URL: `${server.url}/client/v4`,
      CLOUDFLARE_API_TOKEN: first,
    });
  const stdout = expect.stringMatching(/^\S+Z warn {2}\[talk-1, attempt 1\] so quick\n$/) as unknown;
  expect(await logs("talked", "--follow")).toEqual({ code: 0, stdout, stderr: "" });
  expect(await logs("talked", "--step", "talk", "--level", "warn")).toEqual({ code: 0, stdout, stderr: "" });
  expect(await logs("talked", "--level", "error")).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await logs("missing")).toMatchObject({ code: 1, stderr: expect.stringContaining("No logs: ") as unknown });
});

test("a bundle of wrangler is deployed from a file", async () => {
  const form = uploadOf("export default { fetch: () => new Response('from a file') };");
  await project.write("worker.form", await new Response(form).text());
  const deploy = (name: string, env: Readonly<Record<string, string>>): ReturnType<typeof runCommand> =>
    runCommand(["deploy", join(project.folder, name), "--name", "filed"], undefined, {
      CLOUDFLARE_API_BASE_URL: `${server.url}/client/v4/`,
      CLOUDFLARE_API_TOKEN: first,
      ...env,
    });
  expect(await deploy("worker.form", { CLOUDFLARE_API_TOKEN: "wrong" })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Not deployed: The token is unknown") as string,
  });
  expect(await deploy("worker.form", { CLOUDFLARE_API_BASE_URL: "http://127.0.0.1:1" })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("No server answers at http://127.0.0.1:1") as string,
  });
  expect(await deploy("index.js", {})).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("not a multipart form") as string,
  });
  expect((await fetch(`${server.url}/workers/filed/`)).status).toBe(404);
  const deployed = await deploy("worker.form", {});
  expect(deployed).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Deployed filed, version [\da-f-]{36}\n$/) as string,
  });
  expect(await (await fetch(`${server.url}/workers/filed/`)).text()).toBe("from a file");
});

test("tokens are made, listed and revoked while the server runs", async () => {
  const made = await token("create", "--label", "the laptop", "--role", "viewer");
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^sw_[\w-]{43}\n$/) as string, stderr: "" });
  const second = made.stdout.trim();
  expect(await statusWith(second)).toBe(200);

  const listed = await token("list");
  expect(listed.stdout).toMatch(
    /^[\w-]{36} {2}\d{4}-\d\d-\d\dT[\d:.]+Z {2}admin {5}first\n[\w-]{36} {2}\S+Z {2}viewer {4}the laptop\n$/,
  );
  expect(tokensIn(listed.stdout)).toEqual([]);

  const [id = ""] = listed.stdout.split(" ");
  expect(await token("revoke", id)).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await Promise.all([statusWith(first), statusWith(second)])).toEqual([403, 200]);
  const again = await token("revoke", id);
  expect(again).toEqual({
    code: 1,
    stdout: "",
    stderr: `stepwell: Token ${id} not found: stepwell token list shows the ids\n`,
  });
});

test(
  "people are added, log in, get another role and another password, and are removed, and all of it is noted",
  { timeout: 120_000 },
  async () => {
    const admin = (await token("create", "--role", "admin")).stdout.trim();
    const logIn = async (password: string): Promise<Response> =>
      fetch(`${server.url}/api/v1/session`, { method: "POST", body: JSON.stringify({ name: "ada", password }) });
    const ended = { code: 0, stdout: "", stderr: "" };
    expect(await runUser("correct horse\n", "create", "ada", "--role", "observer")).toEqual(ended);
    expect(await (await logIn("correct horse")).json()).toMatchObject({ result: { name: "ada", role: "observer" } });
    expect(await runUser("", "role", "ada", "--role", "operator")).toEqual(ended);
    expect(await runUser("battery staple", "password", "ada")).toEqual(ended);
    expect((await logIn("correct horse")).status).toBe(403);
    expect(await (await logIn("battery staple")).json()).toMatchObject({ result: { name: "ada", role: "operator" } });
    expect((await runUser("", "list")).stdout).toMatch(/^ada {2}\S+Z {2}operator\n$/);
    expect(await runUser("short", "create", "bob", "--role", "admin")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("password: ") as string,
    });
    expect(await runUser("", "create", "bob", "secret", "--role", "admin")).toMatchObject({ code: 1 });
    expect(await runUser("", "remove", "ada")).toEqual(ended);
    expect((await logIn("battery staple")).status).toBe(403);
    const headers = { authorization: `Bearer ${admin}` };
    const audit = (await (await fetch(`${server.url}/api/v1/audit?per_page=11`, { headers })).json()) as {
      result: { method: string; action: string; target: string; who: { kind: string } | null; address: string }[];
    };
    const entries = audit.result.map(
      ({ method, action, target, who }) => `${who?.kind ?? "anonymous"} ${method} ${action} ${target}`,
    );
    expect(entries.slice(0, 8)).toEqual([
      "anonymous POST session.create ada",
      "command CLI users.delete ada",
      "user POST session.create ada",
      "anonymous POST session.create ada",
      "command CLI users.change ada",
      "command CLI users.change ada",
      "user POST session.create ada",
      "command CLI users.create ada",
    ]);
    expect(audit.result[0]?.address).toBe("127.0.0.1");
    expect(JSON.stringify(audit)).not.toMatch(/horse|staple|sw_/);
  },
);

test("tokens are nowhere in the data", async () => {
  const { stdout } = await token("create", "--role", "admin");
  expect(await server.stop()).toBe(0);
  const entries = await readdir(data, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const files = await Promise.all(paths.map((path) => readFile(path, "latin1")));
  expect(files.join("")).toContain("the laptop");
  expect(files.join("")).not.toContain(stdout.trim());
  server = await serve();
});

test("the log can be JSON, line by line, and says nothing of payloads or tokens", async () => {
  expect(await server.stop()).toBe(0);
  const { stdout } = await token("create", "--role", "admin");
  server = await serve("--log-format", "json", "--verbose");
  const headers = { authorization: `Bearer ${stdout.trim()}` };
  const url = `${server.url}/client/v4/accounts/local/workflows/quick/instances`;
  const created = await fetch(url, { method: "POST", headers, body: '{"params":{"card":"4111"}}' });
  expect(created.status).toBe(200);
  expect(await server.stop()).toBe(0);
  const lines = server
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{"));
  const parsed = lines.map((line) => JSON.parse(line) as { level: number; msg: string; path?: string; status?: number });
  expect(parsed).toContainEqual(
    expect.objectContaining({ msg: "request", method: "POST", path: new URL(url).pathname, status: 200 }),
  );
  expect(parsed).toContainEqual(expect.objectContaining({ msg: "Stopping" }));
  expect(server.output()).not.toContain("4111");
  expect(server.output()).not.toContain(stdout.trim());
});
