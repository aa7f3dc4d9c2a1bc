/** What a slow client costs: nothing is read for it that it has no room for. */
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { once } from "node:events";
import { listen, type Listener } from "../http.ts";

let listener: Listener | undefined;
afterEach(() => listener?.close(0));

const MIB = 1024 * 1024;

test("the source of a client that does not read is left alone", async () => {
  let pulled = 0;
  const left = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        pulled += 1;
        if (pulled > 500) controller.close();
        else controller.enqueue(new Uint8Array(MIB).fill(32));
      },
      cancel: () => left.resolve(),
    },
    { highWaterMark: 0 },
  );
  listener = await listen(() => Promise.resolve(new Response(body, { headers: { upgrade: "websocket" } })), "127.0.0.1", 0);
  const socket = new WebSocket(listener.url.replace("http", "ws"));
  const [data] = (await once(socket, "message")) as [Buffer];
  expect(data).toHaveLength(MIB);
  socket.pause();
  for (let turn = 0; turn < 2_000; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  // What the system's buffers hold, and ours.
  expect(pulled).toBeLessThan(50);
  socket.terminate();
  await left.promise;
});
