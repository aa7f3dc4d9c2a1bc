/** A Worker with a Hyperdrive binding and a real PostgreSQL, over the drivers that people use: on `serve` and in `dev`. */
import { createServer, type AddressInfo, type Server as TcpServer } from "node:net";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { selfSigned } from "../../src/assembly/self-signed.ts";
import { systemClock } from "../../src/system/clock.ts";
import { systemIds } from "../../src/system/ids.ts";
import { wranglerIn } from "../support/clients.ts";
import { clientPackage, PASSWORD, startPostgres, type Postgres } from "../support/postgres.ts";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const ID = "57b7076f58be42419276f058a8968187";
const TIMEOUT = 60_000;

const CONFIG = {
  name: "shop",
  main: "index.js",
  compatibility_date: "2026-11-01",
  compatibility_flags: ["nodejs_compat"],
  hyperdrive: [
    { binding: "DB", id: ID },
    { binding: "OTHER", id: "0".repeat(32) },
  ],
};

const CODE = `
import { connect } from "cloudflare:sockets";
import pg from ${JSON.stringify(clientPackage("pg/lib/index.js"))};
import postgres from ${JSON.stringify(clientPackage("postgres/cf/src/index.js"))};

/** The first bytes of what a database answers to a request for TLS, which needs no password: "S". */
async function asked(socket) {
  const writer = socket.writable.getWriter();
  await writer.write(new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47]));
  const { value } = await socket.readable.getReader().read();
  return new TextDecoder().decode(value);
}
const ways = {
  pg: async ({ DB }) => {
    const client = new pg.Client({ connectionString: DB.connectionString });
    await client.connect();
    const { rows } = await client.query("select current_database() as name, $1::int + 1 as sum", [41]);
    await client.end();
    return rows[0];
  },
  parts: async ({ DB: { host, port, user, password, database } }) => {
    const client = new pg.Client({ host, port, user, password, database });
    await client.connect();
    const { rows } = await client.query("select 'x' || repeat('y', 300000) as long");
    await client.end();
    return rows[0].long.length;
  },
  postgres: async ({ DB }) => {
    const sql = postgres(DB.connectionString);
    const [row] = await sql\`select current_user as name\`;
    await sql.end();
    return row.name;
  },
  connect: ({ DB }) => asked(DB.connect()),
  ip: ({ DB }) => asked(connect(DB.ip + ":" + DB.port)),
  printed: async ({ DB }) => { console.log("printed", DB); return JSON.stringify(DB); },
  other: ({ OTHER }) => OTHER.connectionString,
  direct: (_, port) => asked(connect("127.0.0.1:" + port)),
  fetched: async (_, port) => (await fetch("http://127.0.0.1:" + port + "/")).status,
  name: async ({ DB }) => asked(connect(DB.host + ":1")),
};
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    try {
      return Response.json({ answer: await ways[pathname.split("/").at(-1)](env, searchParams.get("port")) });
    } catch (error) {
      return Response.json({ error: String(error) });
    }
  },
};
`;

/** The certificate of the database, which is its own authority. */
let certificate: Project;
let database: Postgres;
let bystander: TcpServer;
let reached = 0;

beforeAll(async () => {
  certificate = await makeProject({});
  database = await startPostgres(await selfSigned(certificate.folder, { clock: systemClock, ids: systemIds }));
  bystander = createServer((socket) => {
    reached += 1;
    socket.end("N");
  });
  await new Promise<void>((listening) => bystander.listen(0, "127.0.0.1", listening));
}, TIMEOUT);

afterAll(async () => {
  await database.close();
  await certificate.remove();
  await new Promise((closed) => bystander.close(closed));
});

const USED = {
  pg: { name: "shop", sum: 42 },
  parts: 300_001,
  postgres: "postgres",
  connect: "S",
  ip: "S",
};

describe("on serve, deployed by stock wrangler", () => {
  let data: Project;
  let project: Project;
  let server: Server;

  const ask = async (way: string): Promise<{ answer?: unknown; error?: string }> => {
    const { port } = bystander.address() as AddressInfo;
    const response = await fetch(`${server.url}/workers/shop/${way}?port=${port}`);
    return (await response.json()) as { answer?: unknown; error?: string };
  };

  beforeAll(async () => {
    data = await makeProject({});
    project = await makeProject({ "wrangler.json": JSON.stringify(CONFIG), "index.js": CODE });
    const given = { [`STEPWELL_HYPERDRIVE_${ID}`]: database.connectionString };
    server = await startServer(["serve", "--data", data.folder, "--port", "0"], given);
    const wrangler = wranglerIn(project.folder, {
      CLOUDFLARE_API_BASE_URL: `${server.url}/client/v4`,
      CLOUDFLARE_API_TOKEN: await server.firstToken(),
      CLOUDFLARE_ACCOUNT_ID: "local",
    });
    const { code, stdout, stderr } = await wrangler(["deploy"]);
    expect({ code, printed: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, printed: "" });
  }, TIMEOUT);

  afterAll(async () => {
    await server.stop();
    await data.remove();
    await project.remove();
  });

  test.each(Object.entries(USED))("the database is used by %s", async (way, answer) => {
    expect(await ask(way)).toEqual({ answer });
  });

  test("an id that the server knows no database for is in env, and using it says what to do", async () => {
    expect((await ask("other")).error).toContain(`--hyperdrive ${"0".repeat(32)}=postgres://`);
  });

  test("the way to the database opens nothing else: not its own address, its other ports, nor other servers", async () => {
    for (const way of ["direct", "fetched", "name"]) expect(await ask(way)).toEqual({ error: expect.any(String) as string });
    expect(reached).toBe(0);
    const response = await fetch(`${server.url}/workers/shop/direct?port=${database.port}`);
    expect(await response.json()).toEqual({ error: expect.any(String) as string });
  });

  test("the password is neither printed, nor shown, nor stored", async () => {
    expect((await ask("printed")).answer).toBe("{}");
    const authorization = `Bearer ${await server.firstToken()}`;
    const shown = await fetch(`${server.url}/client/v4/accounts/local/workers/scripts/shop/settings`, {
      headers: { authorization },
    });
    const { result } = (await shown.json()) as { result: { bindings: object[] } };
    expect(result.bindings).toContainEqual({ name: "DB", type: "hyperdrive", id: ID });
    const files = (await readdir(data.folder)).filter((name) => name.startsWith("stepwell.db"));
    const stored = await Promise.all(files.map((name) => readFile(join(data.folder, name), "latin1")));
    for (const text of [JSON.stringify(result), server.output(), ...stored])
      for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) expect(text).not.toContain(secret);
  });
});

test.each(["localhost", "127.0.0.1"])(
  "in dev the way to %s is encrypted when it is asked for",
  { timeout: TIMEOUT },
  async (host) => {
    const url = new URL(database.connectionString);
    url.hostname = host;
    url.searchParams.set("sslmode", "require");
    const encrypted = { ...CONFIG, hyperdrive: [{ ...CONFIG.hyperdrive[0], localConnectionString: url.href }] };
    const code = CODE.replace(
      "select current_database() as name, $1::int + 1 as sum",
      "select ssl from pg_stat_ssl where pid = pg_backend_pid() and $1 > 0",
    );
    const project = await makeProject({ "wrangler.json": JSON.stringify(encrypted), "index.js": code });
    const trusted = { NODE_EXTRA_CA_CERTS: join(certificate.folder, "https.pem") };
    const server = await startServer(["dev", project.folder, "--port", "0"], trusted);
    expect(await (await fetch(`${server.url}/workers/shop/pg`)).json()).toEqual({ answer: { ssl: true } });
    await server.stop();
    await project.remove();
  },
);

test.each([
  ["the configuration", { localConnectionString: "" }, {}],
  ["the environment", {}, { CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_DB: "" }],
])("in dev the database is that of %s", { timeout: TIMEOUT }, async (_, own, variables) => {
  const filled = <T extends object>(texts: T): T =>
    Object.fromEntries(Object.keys(texts).map((name) => [name, database.connectionString])) as T;
  const config = { ...CONFIG, hyperdrive: [{ ...CONFIG.hyperdrive[0], ...filled(own) }] };
  const project = await makeProject({ "wrangler.json": JSON.stringify(config), "index.js": CODE });
  const server = await startServer(["dev", project.folder, "--port", "0"], filled(variables));
  expect(await (await fetch(`${server.url}/workers/shop/pg`)).json()).toEqual({ answer: USED.pg });
  expect(server.output()).toMatch(new RegExp(`env\\.DB \\(${ID}\\) +Hyperdrive Config +local`));
  expect(server.output()).not.toContain(encodeURIComponent(PASSWORD));
  await server.stop();
  await project.remove();
});
