/** A site that is none: a listener that does what a test says, right or wrong. */
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { WebSocketServer } from "ws";
import { HttpClient } from "./http.ts";
import type { Site } from "./site.ts";

/** What it does: with the bytes of clients, or with their requests and, where they want a WebSocket, which frames they get. */
type Answers =
  | { readonly connection: (socket: Socket) => void }
  | { readonly request: RequestListener; readonly frames?: (asked: IncomingMessage) => readonly string[] };

export async function standIn(answers: Answers, more: Partial<Site> = {}): Promise<Site> {
  const isRaw = "connection" in answers;
  const server = isRaw ? createServer({ allowHalfOpen: true }, answers.connection) : createHttpServer(answers.request);
  if (!isRaw && answers.frames !== undefined) {
    const { frames } = answers;
    new WebSocketServer({ server: server as ReturnType<typeof createHttpServer> }).on("connection", (socket, asked) => {
      for (const frame of frames(asked)) socket.send(frame);
      socket.close(1000);
    });
  }
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const client = new HttpClient(port);
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    port,
    client,
    token: (role) => `sw_${role}`,
    version: () => "1",
    definitions: () => ({}),
    settle: nothing,
    errors: () => [],
    paths: () => [],
    restore: nothing,
    lives: nothing,
    close: async () => {
      client.close();
      server.close();
    },
    ...more,
  };
}
