/** What the code of a Worker is kept from: this machine's network, the server's environment, its files, its way into workerd. */
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces, type NetworkInterfaceInfo } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encode } from "../../../model/values/value.ts";
import type { Executor, Host } from "../../../ports/executor.ts";
import { contractVersion } from "../../../../test/contracts/executor/script.ts";
import { workerdExecutor } from "../executor.ts";
import { refusedIn } from "../process/network.ts";

const CODE = `
import { connect } from "cloudflare:sockets";
import { existsSync, readdirSync } from "node:fs";
import { get } from "node:http";

/** What comes back of an HTTP request over a socket. */
async function overSocket(hostname, port) {
  const socket = connect({ hostname, port });
  const writer = socket.writable.getWriter();
  await writer.write(new TextEncoder().encode("GET / HTTP/1.0\\r\\n\\r\\n"));
  return new Response(socket.readable).text();
}
const overNode = (url) => new Promise((resolve, reject) => {
  get(url, (response) => response.on("data", (data) => resolve(String(data)))).on("error", reject);
});
const ways = {
  fetch: async ({ url }) => (await fetch(url, { redirect: "manual" })).text(),
  socket: ({ hostname, port }) => overSocket(hostname, port),
  node: ({ url }) => overNode(url),
  status: async ({ url }) => (await fetch(url)).status,
  seen: async ({ file }) => ({ env: Object.keys(process.env), file: existsSync(file), root: readdirSync("/") }),
};
export default {
  async fetch(request) {
    const { way, ...about } = await request.json();
    try {
      return Response.json({ answer: await ways[way](about) });
    } catch (error) {
      return Response.json({ refused: String(error) });
    }
  },
};
`;

/** Every spelling of this machine. */
const HOSTS = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "127.9.9.9"];

const server: Server = createServer((_, response) => response.end("the control plane"));
const executors: Executor[] = [];
let closed: Host;
let opened: Host;
let port: number;

async function open(network?: readonly string[]): Promise<Host> {
  const executor = workerdExecutor({ onLog: () => {}, ...(network && { network }) });
  executors.push(executor);
  return executor.open(contractVersion(CODE), () => Promise.resolve(encode(null)));
}

beforeAll(async () => {
  server.listen(0, "::");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
  [closed, opened] = await Promise.all([open(), open(["public", "127.0.0.1/32"])]);
});
afterAll(async () => {
  await Promise.all(executors.map((executor) => executor.close()));
  server.close();
});

async function ask(host: Host, about: object): Promise<unknown> {
  return (await host.fetch(new Request("http://contract.test/", { method: "POST", body: JSON.stringify(about) }))).json();
}

const refused: unknown = { refused: expect.any(String) as unknown };

describe("unless it is allowed", () => {
  test.each(HOSTS)("no script reaches %s", async (name) => {
    const url = `http://${name}:${port}/`;
    const hostname = name.replace(/^\[|\]$/g, "");
    expect(await ask(closed, { way: "fetch", url })).toEqual(refused);
    expect(await ask(closed, { way: "socket", hostname, port })).toEqual(refused);
  });

  test("no script reaches this machine over Node's modules", async () => {
    expect(await ask(closed, { way: "node", url: `http://127.0.0.1:${port}/` })).toEqual(refused);
  });

  test("a range that is allowed can be reached, and nothing beside it", async () => {
    const url = `http://127.0.0.1:${port}/`;
    const answer = { answer: "the control plane" };
    expect(await ask(opened, { way: "fetch", url })).toEqual(answer);
    expect(await ask(opened, { way: "node", url })).toEqual(answer);
    expect(await ask(opened, { way: "socket", hostname: "127.0.0.1", port })).toEqual({
      answer: expect.stringContaining("the control plane") as unknown,
    });
    for (const name of ["0.0.0.0", "[::1]", "127.0.0.2"])
      expect(await ask(opened, { way: "fetch", url: `http://${name}:${port}/` })).toEqual(refused);
  });
});

const ipv4 = (address: string, internal = false): NetworkInterfaceInfo => ({
  family: "IPv4",
  address,
  netmask: "255.255.255.0",
  cidr: `${address}/24`,
  mac: "",
  internal,
});

const ipv6 = (address: string, bits: number): NetworkInterfaceInfo => ({
  family: "IPv6",
  address,
  netmask: "",
  cidr: `${address}/${bits}`,
  mac: "",
  internal: false,
  scopeid: 0,
});

test.each([
  [["public"], ["203.0.113.5/32", "10.1.0.5/32", "2001:db8::5/64", "2001:db8:1::1/128"]],
  [
    ["public", "10.1.0.0/16", "203.0.113.0/24"],
    ["203.0.113.5/32", "10.1.0.5/32", "2001:db8::5/64", "2001:db8:1::1/128"],
  ],
  [
    ["public", "10.1.0.5/32"],
    ["203.0.113.5/32", "2001:db8::5/64", "2001:db8:1::1/128"],
  ],
  [["public", "private"], []],
])("of %j the machine's own addresses %j are refused", (allowed, refusing) => {
  const lo = [ipv4("127.0.0.1", true)];
  const eth0 = [ipv4("203.0.113.5"), ipv6("2001:db8::5", 64), ipv6("2001:db8:1::1", 128)];
  expect([...refusedIn(allowed, { lo, eth0, vpn: [ipv4("10.1.0.5"), ipv4("10.1.0.5")] })].toSorted()).toEqual(
    refusing.toSorted(),
  );
});

const own = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

test.skipIf(own === undefined)(
  "an address of this machine is refused within a range that is allowed, and not by itself",
  async () => {
    const url = `http://${own}:${port}/`;
    const around = await open(["public", `${own}/8`]);
    for (const hostname of [own, `::ffff:${own}`]) {
      const name = hostname?.includes(":") ? `[${hostname}]` : hostname;
      expect(await ask(around, { way: "fetch", url: `http://${name}:${port}/` })).toEqual(refused);
      expect(await ask(around, { way: "socket", hostname, port })).toEqual(refused);
    }
    const named = await open(["public", `${own}/32`]);
    expect(await ask(named, { way: "fetch", url })).toEqual({ answer: "the control plane" });
  },
);

test("neither the server's environment nor its files are seen", async () => {
  expect(process.env["PATH"]).toBeTypeOf("string");
  const { answer } = (await ask(closed, { way: "seen", file: fileURLToPath(import.meta.url) })) as { answer: object };
  expect(answer).toEqual({ env: ["GREETING", "KEY", "SETTINGS"], file: false, root: ["bundle", "tmp", "dev"] });
});

test.skipIf(process.platform !== "linux")("the socket of workerd answers no client without the token", async () => {
  for (const each of portsOfChildren())
    expect(await ask(opened, { way: "status", url: `http://127.0.0.1:${each}/` })).toEqual({ answer: 404 });
});

/** Where the processes of workerd listen. */
function portsOfChildren(): number[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim().split(" ");
  const ports = children.flatMap((pid) => {
    const held = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)));
    const sockets = readFileSync(`/proc/${pid}/net/tcp`, "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/));
    const own = sockets.filter(([, , , state, , , , , , inode]) => state === "0A" && held.has(`socket:[${inode}]`));
    return own.map(([, address = ""]) => Number.parseInt(address.split(":")[1] ?? "", 16));
  });
  expect(ports.length).toBeGreaterThanOrEqual(2);
  return ports;
}
