/** The process in which subscribers run: opens the WebSockets that its parent lists, closes all others, and only counts events. */
import { once } from "node:events";
import { constants, setPriority } from "node:os";
import { WebSocket } from "ws";

/** Handshakes under way at once. */
const CONCURRENCY = 32;

setPriority(constants.priority.PRIORITY_LOW);

let sockets: WebSocket[] = [];

async function open(url: string): Promise<void> {
  const socket = new WebSocket(url);
  socket.on("message", () => undefined);
  await once(socket, "open");
  sockets.push(socket);
}

async function close(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  const closed = once(socket, "close");
  socket.terminate();
  await closed;
}

process.on("message", (urls: string[]) => {
  void (async () => {
    await Promise.all(sockets.map(close));
    sockets = [];
    const queue = [...urls];
    const work = async (): Promise<void> => {
      for (let url = queue.shift(); url !== undefined; url = queue.shift()) await open(url);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    process.send?.("done");
  })();
});
