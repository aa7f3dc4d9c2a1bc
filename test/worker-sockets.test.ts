/** WebSockets that Workers accept: real clients, the real listener, and isolates of workerd; what neither speaks of goes by as it is. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { nodeExecutor } from "../src/executors/node/executor.ts";
import { workerdExecutor } from "../src/executors/workerd/executor.ts";
import { failureResponse } from "../src/api/endpoint/envelope.ts";
import { Failure } from "../src/model/failures/failure.ts";
import type { Executor, Host } from "../src/ports/executor.ts";
import { systemClock } from "../src/system/clock.ts";
import { listen, type Listener } from "../src/server/http.ts";
import { Sockets } from "../src/server/sockets/sockets.ts";
import { contractVersion } from "./contracts/executor/script.ts";
import { connect, Refused } from "./support/sockets.ts";

const CODE = `
export default {
  fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/refused") return new Response("not you", { status: 403 });
    const { 0: theirs, 1: ours } = new WebSocketPair();
    ours.binaryType = "arraybuffer";
    ours.accept();
    ours.addEventListener("message", ({ data }) => {
      if (data === "close") ours.close(4321, "enough");
      else if (data === "throw") throw new Error("no");
      else ours.send(typeof data === "string" ? JSON.stringify({ said: data.length }) : data);
    });
    ours.addEventListener("close", ({ code, reason }) => closes.push([code, reason]));
    if (pathname === "/closes") return Response.json(closes);
    const headers = new Headers({ "x-asked": pathname });
    const offered = request.headers.get("sec-websocket-protocol")?.split(",")[0];
    if (offered) headers.set("sec-websocket-protocol", offered);
    return new Response(null, { status: 101, webSocket: theirs, headers });
  },
};
const closes = [];
`;

const executors: Executor[] = [];
let host: Host;
let listener: Listener;
/** Requests that are over. */
const over: string[] = [];

const openHost = (executor: Executor): Promise<Host> => {
  executors.push(executor);
  return executor.open(contractVersion(CODE), () => Promise.reject(new Error("No bindings")));
};

const answering =
  (to: Host) =>
  async (request: Request): Promise<Response> => {
    try {
      return await to.fetch(request, () => void over.push(request.url));
    } catch (cause) {
      return failureResponse(cause as Failure);
    }
  };

beforeAll(async () => {
  host = await openHost(workerdExecutor({ onLog: () => {} }));
  listener = await listen(answering(host), "127.0.0.1", 0);
});
afterAll(async () => {
  await listener.close(0);
  await Promise.all(executors.map((executor) => executor.close()));
});

const message = async (socket: WebSocket): Promise<[Buffer, boolean]> => (await once(socket, "message")) as [Buffer, boolean];

test("messages go both ways, text and bytes, up to 1 MiB", async () => {
  const { socket, closed } = await connect(`${listener.url}/chat`);
  socket.removeAllListeners("message");
  socket.send("x".repeat(1024 * 1024));
  expect((await message(socket))[0].toString()).toBe(`{"said":${1024 * 1024}}`);
  const bytes = Buffer.alloc(70_000, 7);
  socket.send(bytes);
  expect(await message(socket)).toEqual([bytes, true]);
  socket.close();
  await closed;
});

test("the close code of either side reaches the other", async () => {
  const { socket, closed } = await connect(`${listener.url}/chat`);
  socket.send("close");
  expect(await closed).toBe(4321);
  const other = await connect(`${listener.url}/chat`);
  other.socket.close(4000, "bye");
  await other.closed;
  const closes = async (): Promise<unknown[]> => (await (await fetch(`${listener.url}/closes`)).json()) as unknown[];
  while (!(await closes()).some((each) => JSON.stringify(each) === '[4000,"bye"]'));
});

test("the headers and protocol of a Worker's handshake reach the client", async () => {
  const socket = new WebSocket(`${listener.url.replace("http", "ws")}/chat`, ["one", "two"]);
  const opened = once(socket, "open");
  const [{ headers }] = (await once(socket, "upgrade")) as [{ headers: Record<string, string> }];
  await opened;
  expect([headers["x-asked"], socket.protocol]).toEqual(["/chat", "one"]);
  socket.close();
  await once(socket, "close");
});

test("an upgrade that the Worker does not accept gets its response", async () => {
  const refused = connect(`${listener.url}/refused`);
  await expect(refused).rejects.toBeInstanceOf(Refused);
  await expect(refused).rejects.toMatchObject({ status: 403, body: "not you" });
});

test("a request is over when its socket has closed", async () => {
  const { socket, closed } = await connect(`${listener.url}/chat?counted`);
  const isOver = (): boolean => over.some((url) => url.endsWith("?counted"));
  expect([isOver(), listener.sockets]).toEqual([false, 1]);
  socket.close();
  await closed;
  while (!isOver()) await fetch(`${listener.url}/closes`);
});

test("a socket above the limit is refused", async () => {
  const server = createServer();
  const sockets = new Sockets(answering(host), systemClock, 1);
  server.on("upgrade", (request, connection, head) => void sockets.upgrade(request, connection as Socket, head));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/chat`;
  const { closed } = await connect(url);
  await expect(connect(url)).rejects.toMatchObject({ status: 503, body: expect.stringContaining("10986") as unknown });
  sockets.terminate();
  expect(await closed).toBe(1006);
  server.close();
});

test("a host that ends takes its sockets along", async () => {
  const { closed } = await connect(`${listener.url}/chat`);
  await host.close();
  expect(await closed).toBe(1006);
});

test("threads take no WebSockets, and say who does", async () => {
  const server = await listen(answering(await openHost(nodeExecutor({ onLog: () => {} }))), "127.0.0.1", 0);
  const refused = connect(`${server.url}/chat`);
  await expect(refused).rejects.toMatchObject({ status: 501, body: expect.stringContaining("--executor workerd") as unknown });
  await server.close(0);
});
