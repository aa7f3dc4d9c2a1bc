import { once } from "node:events";
import http, { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { WebSocketServer } from "ws";
import { plainRequest, plainSocket } from "./plain-http.ts";

test("what replaces http.request sees neither requests nor handshakes of ours, and stays", async () => {
  const server = createServer((_, answer) => void answer.end("plain")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const sockets = new WebSocketServer({ server });
  onTestFinished(() => {
    sockets.close();
    server.close();
  });
  const replaced = vi.spyOn(http, "request").mockImplementation(() => {
    throw new Error("intercepted");
  });
  onTestFinished(() => replaced.mockRestore());
  const { port } = server.address() as AddressInfo;
  const socket = plainSocket(`ws://127.0.0.1:${port}/`, {});
  await once(socket, "open");
  socket.terminate();
  const sent = plainRequest({ port, host: "127.0.0.1", agent: false }).end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  expect((await answer.toArray()).join("")).toBe("plain");
  expect(() => http.request("http://127.0.0.1/")).toThrow("intercepted");
  expect(replaced).toHaveBeenCalledTimes(1);
});
