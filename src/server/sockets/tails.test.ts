/** A tail's WebSocket, to the package that wrangler uses, which sends as wrangler does: without a mask. */
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { LIMITS } from "../../model/limits.ts";
import { systemClock } from "../../system/clock.ts";
import { systemIds } from "../../system/ids.ts";
import { Tails } from "../../workers/logs/tails.ts";
import { serverApp, type AppParts } from "../app.ts";
import { listen, type Listener } from "../http.ts";
import { silentLog } from "../../noop/log.ts";
import { Hono } from "hono";

let listener: Listener;
let tails: Tails;
let id: string;

beforeEach(async () => {
  tails = new Tails(systemClock, systemIds);
  ({ id } = tails.open("shop", []));
  // There are no tokens, and none is needed here.
  const parts = {
    tails,
    rest: new Hono(),
    own: new Hono(),
    workers: { scriptFor: () => Promise.resolve(undefined) },
    explorer: new Hono(),
    guard: () => Promise.resolve(false),
    log: silentLog,
    clock: systemClock,
    ids: systemIds,
    hostNames: [],
    proxies: [],
  };
  listener = await listen(serverApp(parts as unknown as AppParts), "127.0.0.1", 0);
});
afterEach(() => listener.close(0));

async function connect(to: string = id): Promise<WebSocket> {
  const socket = new WebSocket(`${listener.url.replace("http", "ws")}/tails/${to}`, "trace-v1");
  await once(socket, "open");
  return socket;
}

const UNMASKED = { binary: false, compress: false, mask: false, fin: true } as const;

test.each([true, false])(
  "it brings lines of any length, answers pings, and ends with the tail; frames masked: %s",
  async (mask) => {
    const socket = await connect();
    expect(socket.protocol).toBe("trace-v1");
    socket.send('{"debug":false}', { ...UNMASKED, mask });
    socket.send("x".repeat(LIMITS.socketMessageBytes), { ...UNMASKED, mask });
    const pong = once(socket, "pong");
    socket.ping("still there?", mask);
    expect(String((await pong)[0])).toBe("still there?");
    for (const length of [10, 125, 126, 70_000]) {
      const message = once(socket, "message");
      const version = { id: "v1", script: "shop", hash: "", code: "", bindings: [], compatibilityFlags: [], createdAt: 0 };
      tails.publish({ time: 1, level: "log", kind: "console", text: "y".repeat(length), version });
      expect((JSON.parse(String((await message)[0])) as { logs: { message: string[] }[] }).logs[0]?.message[0]).toHaveLength(
        length,
      );
    }
    const closed = once(socket, "close");
    tails.close(id);
    expect((await closed)[0]).toBe(1000);
  },
);

test("a client that leaves in either way makes room for another", async () => {
  for (const leave of ["close", "terminate"] as const) {
    const socket = await connect();
    const closed = once(socket, "close");
    socket[leave]();
    await closed;
    while (listener.sockets > 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await connect();
});

test("a message that is too large ends the connection", async () => {
  for (const size of [LIMITS.socketMessageBytes + 1, 70_000]) {
    const socket = await connect();
    const closed = once(socket, "close");
    socket.send("x".repeat(size), UNMASKED);
    expect((await closed)[0]).toBe(1006);
    while (listener.sockets > 0) await new Promise((resolve) => setImmediate(resolve));
  }
});

test("there is nothing without the right id, for two, or for a plain request", async () => {
  await connect();
  for (const to of ["unknown", id]) await expect(connect(to)).rejects.toThrow("404");
});

test("the client is notified when the server goes away", async () => {
  const socket = await connect();
  const closed = once(socket, "close");
  await listener.close(1_000);
  expect((await closed)[0]).toBe(1001);
});
