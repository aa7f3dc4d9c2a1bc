/** Hyperdrive over TLS, and databases that do not do what they should. What is on the other side is a server of the test's. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server as TcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { selfSigned } from "../../src/assembly/self-signed.ts";
import { systemClock } from "../../src/system/clock.ts";
import { systemIds } from "../../src/system/ids.ts";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const CODE = `
async function said(socket) {
  const writer = socket.writable.getWriter();
  await writer.write(new TextEncoder().encode("hello"));
  const reader = socket.readable.getReader();
  const { value, done } = await reader.read();
  return done ? "closed" : new TextDecoder().decode(value);
}
export default {
  async fetch(request, env) {
    try {
      return Response.json(await said(env[new URL(request.url).pathname.split("/").at(-1)].connect()));
    } catch (error) {
      return Response.json(String(error));
    }
  },
};
`;

/** What each database does with a socket, and how it is asked for. */
const DATABASES: Readonly<Record<string, readonly [mode: string, behave: (socket: Socket, tls: Tls) => void]>> = {
  TLS: ["?sslmode=require", (socket, tls) => afterRequest(socket, "S", () => echo(secured(socket, tls)))],
  FULL: ["?sslmode=verify-full", (socket, tls) => afterRequest(socket, "S", () => echo(secured(socket, tls)))],
  UNKNOWN: ["?sslmode=require", (socket) => afterRequest(socket, "S", () => echo(secured(socket, stranger)))],
  NONE: ["?sslmode=require", (socket) => afterRequest(socket, "N", () => echo(socket))],
  EAGER: ["?sslmode=require", (socket) => afterRequest(socket, "Sand more", () => {})],
  SILENT: ["?sslmode=require", () => {}],
  PLAIN: ["", (socket) => echo(socket)],
  GONE: ["", (socket) => socket.resetAndDestroy()],
};

type Tls = Awaited<ReturnType<typeof selfSigned>>;

let stranger: Tls;
let folder: string;
let project: Project;
let server: Server;
const listening: TcpServer[] = [];
const sockets: Set<Socket> = new Set();
/** What has come over the wire, by database. */
const wire: Record<string, string> = {};

function secured(socket: Socket, { key, cert }: Tls): Socket {
  return new TLSSocket(socket, { isServer: true, key, cert }).on("error", () => {});
}

function echo(socket: Socket): void {
  socket.on("data", (data) => socket.write(`heard ${data.toString()}`));
}

function afterRequest(socket: Socket, answer: string, then: () => void): void {
  socket.once("data", () => socket.write(answer, then));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stepwell-test-"));
  const tls = await selfSigned(folder, { clock: systemClock, ids: systemIds });
  await rm(join(folder, "https.pem"));
  stranger = await selfSigned(folder, { clock: systemClock, ids: systemIds });
  await writeFile(join(folder, "ca.pem"), tls.cert);
  const hyperdrive = await Promise.all(
    Object.entries(DATABASES).map(async ([binding, [mode, behave]]) => {
      const port = await listen(binding, (socket) => behave(socket, tls));
      return { binding, id: binding, localConnectionString: `postgres://ada:secret@localhost:${port}/shop${mode}` };
    }),
  );
  const config = { name: "shop", main: "index.js", compatibility_date: "2026-11-01", hyperdrive };
  project = await makeProject({ "wrangler.json": JSON.stringify(config), "index.js": CODE });
  server = await startServer(["dev", project.folder, "--port", "0"], { NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") });
});

afterAll(async () => {
  await server.stop();
  for (const socket of sockets) socket.destroy();
  await Promise.all(listening.map((each) => new Promise((closed) => each.close(closed))));
  await project.remove();
  await rm(folder, { recursive: true });
});

async function listen(binding: string, behave: (socket: Socket) => void): Promise<number> {
  const database = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("data", (data) => (wire[binding] = (wire[binding] ?? "") + data.toString("latin1")));
    behave(socket);
  });
  listening.push(database);
  await new Promise<void>((resolve) => database.listen(0, "localhost", resolve));
  return (database.address() as AddressInfo).port;
}

const ask = async (database: string): Promise<unknown> =>
  (await fetch(`${server.url}/workers/shop/${database}`, { signal: AbortSignal.timeout(20_000) })).json();

test("the way to a database is encrypted where its connection string asks for it", async () => {
  expect([await ask("TLS"), await ask("FULL"), await ask("PLAIN")]).toEqual(["heard hello", "heard hello", "heard hello"]);
  expect([wire["TLS"]?.includes("hello"), wire["PLAIN"]?.includes("hello")]).toEqual([false, true]);
});

test.each(["UNKNOWN", "NONE", "EAGER", "GONE"])(
  "%s: what is sent goes nowhere, and the driver gets an error",
  async (database) => {
    expect(await ask(database)).not.toContain("heard");
    expect(wire[database] ?? "").not.toContain("hello");
  },
);

test("a database that does not answer is given up", async () => {
  expect(await ask("SILENT")).not.toContain("heard");
}, 30_000);
