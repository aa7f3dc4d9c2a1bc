import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Connection } from "./connection.ts";

/** Requests that have been read, with their bodies, and the number of connections that were made for them. */
let read: string[];
let connections: number;
let server: Server;
let connection: Connection;

beforeEach(async () => {
  read = [];
  connections = 0;
  server = createServer((request, response) => {
    void request.toArray().then((chunks) => {
      read.push(`${request.method} ${request.url} ${chunks.join("")}`);
      if (request.url === "/breaks") request.socket.destroy();
      else if (request.url === "/slow") setTimeout(() => response.end("answer"), 100);
      else if (request.url !== "/silent") response.end("answer");
    });
  });
  server.on("connection", () => (connections += 1));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  connection = new Connection({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
});
afterEach(() => {
  connection.close();
  server.closeAllConnections();
  server.close();
});

const textOf = async (answer: Promise<IncomingMessage>): Promise<string> => (await (await answer).toArray()).join("");

const post = (path: string, body?: string | Readable): Promise<string> =>
  textOf(connection.send({ path, method: "POST", headers: {}, body }));

test("a connection is used again", async () => {
  await post("/a");
  await post("/b", "text");
  expect(read).toEqual(["POST /a ", "POST /b text"]);
  expect(connections).toBe(1);
});

test.each([
  ["without a body", undefined],
  ["with a body", "text"],
])("a request %s that meets a connection that is closed already is sent again, once", async (_, body) => {
  await post("/a");
  // What this side does not know yet, as nothing of it has been read.
  server.closeAllConnections();
  expect(await post("/b", body)).toBe("answer");
  expect(read).toEqual(["POST /a ", `POST /b ${body ?? ""}`]);
  expect(connections).toBe(2);
});

test("a body that can be read once never meets a connection that may be closed", async () => {
  await post("/a");
  server.closeAllConnections();
  expect(await post("/b", Readable.from(["a", "b"]))).toBe("answer");
  expect(read).toEqual(["POST /a ", "POST /b ab"]);
});

test("a request that was read over a new connection is not sent again", async () => {
  await expect(post("/breaks")).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(read).toEqual(["POST /breaks "]);
});

test("a connection that breaks again and again is an error", async () => {
  await post("/a");
  await expect(post("/breaks")).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(read).toEqual(["POST /a ", "POST /breaks ", "POST /breaks "]);
});

test("a connection that is idle for too long is closed on this side, and one that is in use is not", async () => {
  connection.close();
  connection = new Connection({ host: "127.0.0.1", port: (server.address() as AddressInfo).port }, 20);
  expect(await post("/slow")).toBe("answer");
  expect(connections).toBe(1);
  await vi.waitFor(async () => {
    const open = await new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
    expect(open).toBe(0);
  });
});

test("an answer that does not come is not waited for longer than was said", async () => {
  const sent = connection.send({ path: "/silent", method: "GET", headers: {}, stallMs: 50 });
  await expect(sent).rejects.toThrow("No answer in 50 ms");
});

test("a request that was aborted is not sent again", async () => {
  await post("/a");
  const over = new AbortController();
  const sent = connection.send({ path: "/silent", method: "GET", headers: {}, signal: over.signal });
  over.abort();
  await expect(sent).rejects.toMatchObject({ name: "AbortError" });
});
