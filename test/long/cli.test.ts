/** The command line as a user meets it when something is wrong: one line that says what to do, and exit code 1. */
import { once } from "node:events";
import { createServer } from "node:net";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { version } from "../../src/cli/version.ts";
import { makeProject, runCommand, startServer, type Ended, type Project } from "../support/server.ts";

let project: Project;

const PROJECT = {
  "wrangler.json": JSON.stringify({
    name: "shop",
    main: "index.js",
    workflows: [{ name: "orders", binding: "ORDERS", class_name: "Order" }],
  }),
  "index.js": "export class Order { async run() {} }\nexport default { fetch: () => new Response('ok') };\n",
};

beforeAll(async () => {
  project = await makeProject({ ...PROJECT, "a-file": "" });
});
afterAll(() => project.remove());

/** What is said of a command that must be refused: one line, which is the answer. */
function refusal({ code, stdout, stderr }: Ended): string {
  expect(stderr).toMatch(/^stepwell: [^\n]+\n$/);
  expect([code, stdout]).toEqual([1, ""]);
  return stderr.slice("stepwell: ".length, -1);
}

describe.concurrent("help", () => {
  test.each([[], ["--help"], ["-h"], ["help"]])("on everything: %j %j", async (...args) => {
    const { code, stdout, stderr } = await runCommand(args.filter((each) => typeof each === "string"));
    expect([code, stderr]).toEqual([0, ""]);
    for (const command of ["stepwell dev", "stepwell serve", "stepwell deploy", "stepwell token"])
      expect(stdout).toContain(command);
  });

  test.each([
    [
      "dev",
      "--data",
      "--port",
      "--host",
      "--account",
      "--allow-network",
      "--hang-after",
      "--park-after",
      "--host-name",
      "--drain-seconds",
      "--max-running",
      "--max-queued",
      "--create-rate",
      "--create-rate-per-workflow",
      "--log-format",
      "--verbose",
      "--quiet",
    ],
    [
      "serve",
      "--data",
      "--port",
      "--host",
      "--account",
      "--allow-network",
      "--hang-after",
      "--park-after",
      "--drain-seconds",
      "--max-running",
      "--max-queued",
      "--create-rate",
      "--create-rate-per-workflow",
      "--log-format",
      "--verbose",
      "--quiet",
    ],
    ["deploy", "--name", "CLOUDFLARE_API_BASE_URL", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"],
    ["check", "--data"],
    ["logs", "--step", "--attempt", "--level", "--follow", "CLOUDFLARE_API_BASE_URL"],
    ["token", "--data", "--label", "create", "list", "revoke"],
  ])("on %s names every option", async (command, ...options) => {
    const asked = await Promise.all(
      [
        [command, "--help"],
        [command, "-h"],
        [command, "--port", "x", "--help"],
        ["help", command],
      ].map((args) => runCommand(args)),
    );
    const [first] = asked;
    expect(first?.stdout).toMatch(new RegExp(`^stepwell ${command}`));
    for (const option of options) expect(first?.stdout).toContain(option);
    for (const each of asked) expect(each).toEqual({ code: 0, stdout: first?.stdout, stderr: "" });
  });

  test.each(["--version", "-v", "version"])("%s", async (option) => {
    expect(await runCommand([option])).toEqual({ code: 0, stdout: `${version()}\n`, stderr: "" });
  });
});

describe.concurrent("misuse", () => {
  test.each([
    [["start"], 'Unknown command "start"; stepwell --help lists the commands'],
    [["--nonsense"], 'Unknown command "--nonsense"'],
    [["dev", "--nonsense"], "Unknown option '--nonsense'; --help lists the options"],
    [["serve", "--data"], "Option '--data <value>' argument missing"],
    [["dev", "a", "b"], "stepwell dev takes one folder, not 2"],
    [["dev", "no-such-folder"], "Folder /"],
    [["serve", "folder"], 'stepwell serve takes no folder; --data names the data directory (found "folder")'],
    [["serve", "--port", "http"], '--port takes a whole number up to 65535, not "http"'],
    [["serve", "--port", "65536"], '--port takes a whole number up to 65535, not "65536"'],
    [["serve", "--port", ""], '--port takes a whole number up to 65535, not ""'],
    [["serve", "--drain-seconds", "1.5"], '--drain-seconds takes a whole number up to 3600, not "1.5"'],
    [["serve", "--executor", "deno"], '--executor is node or workerd, not "deno"'],
    [["serve", "--hang-after", "0"], '--hang-after takes a whole number of at least 1, not "0"'],
    [["dev", "--park-after", "soon"], '--park-after takes a whole number up to 1000000000, not "soon"'],
    [["serve", "--allow-network", "10.0.0.0"], "--allow-network takes public, private or a range such as 10.1.0.0/16"],
    [["serve", "--allow-network", "10.0.0.0/33"], '10.1.0.0/16, not "10.0.0.0/33"'],
    [["serve", "--max-running", "0"], '--max-running takes a whole number of at least 1, not "0"'],
    [
      ["dev", "--create-rate-per-workflow", "fast"],
      '--create-rate-per-workflow takes a whole number up to 1000000000, not "fast"',
    ],
    [["serve", "--account", "a b"], "--account takes 1 to 32 letters, digits, _ and -"],
    [
      ["serve", "--host-name", "10.0.0.1=shop"],
      '--host-name takes NAME=SCRIPT, such as shop.example.com=shop, not "10.0.0.1=shop"',
    ],
    [["serve", "--log-format", "xml"], '--log-format is pretty or json, not "xml"'],
    [["deploy"], "stepwell deploy FILE: the file is what"],
    [["deploy", "a"], "stepwell deploy FILE --name SCRIPT: the file does not contain the Worker's name"],
    [["logs"], "stepwell logs WORKFLOW INSTANCE, or stepwell logs SCRIPT --follow"],
    [["logs", "shop"], "logs of a Worker are not stored"],
    [["logs", "shop", "--follow", "--step", "x"], "the filters work for instances only"],
    [["token"], "stepwell token create, list or revoke ID"],
    [["token", "make"], "stepwell token create, list or revoke ID"],
    [["token", "revoke"], "stepwell token revoke ID: stepwell token list shows the ids"],
    [["token", "list", "--data", "nowhere"], "No data found in /"],
    [["token", "list", "--nonsense"], "Unknown option '--nonsense'"],
  ])("%j", async (args, said) => {
    expect(refusal(await runCommand(args, project.folder))).toContain(said);
  });
});

describe.concurrent("a project that cannot be used", () => {
  const dev = async (files: Readonly<Record<string, string>>): Promise<string> => {
    const broken = await makeProject(files);
    const { code, stdout, stderr } = await runCommand(["dev", broken.folder, "--port", "0"]);
    await broken.remove();
    // Several lines: every problem, with the code around it.
    expect(stderr).toMatch(/^stepwell: /);
    expect([code, stdout]).toEqual([1, ""]);
    return stderr.replaceAll(`${broken.folder}/`, "");
  };

  test.each([
    ["no configuration", { "index.js": "" }, "No wrangler.json, wrangler.jsonc or wrangler.toml in "],
    ["a configuration that is none", { ...PROJECT, "wrangler.json": '{\n"name": }' }, "wrangler.json:2:9: ValueExpected"],
    ["a field that is wrong", { ...PROJECT, "wrangler.json": '{ "name": "shop" }' }, 'wrangler.json: "main"'],
    [
      "fields of the wrong type, all of them",
      { ...PROJECT, "wrangler.json": '{ "name": "shop", "main": 7, "workflows": [{ "binding": "A" }] }' },
      '"workflows[0]" bindings should have a string "class_name" field',
    ],
    ["a syntax error", { ...PROJECT, "index.js": "export class Order {\n  async run( {}\n}" }, "index.js:3:0:\n      3 │ }"],
    [
      "an import that leads nowhere",
      { ...PROJECT, "index.js": 'import "./absent"; import "./nothing"; export class Order {}' },
      'Build failed with 2 errors:\n\n✘ [ERROR] Could not resolve "./absent"\n\n    index.js:1:7:\n',
    ],
    [
      "a class that is missing",
      { ...PROJECT, "index.js": "export class Other {}" },
      'index.js exports no class "Order", which the workflow "orders" needs (it exports Other)',
    ],
    [
      "code that throws",
      { ...PROJECT, "index.js": "export class Order {}\nundefined.x;" },
      "Cannot read properties of undefined (reading 'x') at index.js:2:",
    ],
  ])("%s", async (_, files, said) => {
    expect(await dev(files)).toContain(said);
  });
});

describe("a server that cannot start", () => {
  const serve = async (data: string, ...args: string[]): Promise<string> =>
    refusal(await runCommand(["serve", "--data", data, "--port", "0", ...args]));

  test("because its port is in use", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await once(squatter, "listening");
    const { port } = squatter.address() as { port: number };
    const data = join(project.folder, "port-in-use");
    const said = `Port ${port} of 127.0.0.1 is in use: stop the process that uses it, or choose another port with --port`;
    expect(await serve(data, "--port", String(port))).toBe(said);
    expect(refusal(await runCommand(["dev", project.folder, "--data", data, "--port", String(port)]))).toBe(said);
    squatter.close();
  });

  test("because workerd has no binary for this machine", async () => {
    const env = { NODE_OPTIONS: `--import=data:text/javascript,Object.defineProperty(process,'platform',{value:'sunos'})` };
    const args = ["serve", "--data", join(project.folder, "platform"), "--port", "0"];
    expect(refusal(await runCommand(args, undefined, env))).toMatch(
      /^workerd has no binary for sunos on \w+, or it has not been installed\. Start the server with --executor node, [^.]+\.$/,
    );
  });

  test("because this machine has no such address", async () => {
    expect(await serve(join(project.folder, "address"), "--host", "192.0.2.1")).toBe(
      "This machine has no address 192.0.2.1: choose another with --host (dev: --ip)",
    );
  });

  test("because its data directory is a file, or in one", async () => {
    const file = join(project.folder, "a-file");
    expect(await serve(file)).toContain("cannot be opened for writing");
    expect(await serve(join(file, "in-it"))).toContain("cannot be opened for writing");
  });

  test("because its database is something else", async () => {
    const data = join(project.folder, "foreign");
    await mkdir(data);
    await writeFile(join(data, "stepwell.db"), "Dear diary, today I have written more than SQLite's header is long.".repeat(20));
    expect(await serve(data)).toContain("is not a database");
    new DatabaseSync(join(project.folder, "other.db")).exec("CREATE TABLE t (a)");
    await mkdir(join(project.folder, "other"));
    const other = new DatabaseSync(join(project.folder, "other", "stepwell.db"));
    other.exec("CREATE TABLE t (a)");
    other.close();
    expect(await serve(join(project.folder, "other"))).toContain("belongs to another program");
  });

  test("because a newer stepwell made its database, which is left as it was", async () => {
    const data = join(project.folder, "newer");
    await (await startServer(["serve", "--data", data, "--port", "0"])).stop();
    const database = new DatabaseSync(join(data, "stepwell.db"));
    database.exec("PRAGMA user_version = 999");
    database.close();
    expect(await serve(data)).toMatch(
      /has schema version 999, and this stepwell knows versions up to \d+\. Start the newer stepwell that wrote it, or [^.]+$/,
    );
    expect(refusal(await runCommand(["token", "list", "--data", data]))).toContain("has schema version 999");
    const after = new DatabaseSync(join(data, "stepwell.db"));
    expect(after.prepare("PRAGMA user_version").get()).toEqual({ user_version: 999 });
    after.close();
  });

  test("because another one has its data", async () => {
    const data = join(project.folder, "taken");
    const first = await startServer(["serve", "--data", data, "--port", "0"]);
    expect(await serve(data)).toMatch(
      /^Another stepwell process has .+\/stepwell\.db open\. Stop it, or use another data directory$/,
    );
    expect(refusal(await runCommand(["dev", project.folder, "--data", data, "--port", "0"]))).toContain(
      "Another stepwell process has ",
    );
    expect(await first.stop()).toBe(0);
    const second = await startServer(["serve", "--data", data, "--port", "0"]);
    expect(await second.stop()).toBe(0);
  });
});
