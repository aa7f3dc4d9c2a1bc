import type { Probe } from "../probe.ts";

interface Message {
  readonly type: string;
}

export const roomsWebsockets: Probe = {
  project: "rooms-websockets",
  kind: "Durable Objects with hibernating WebSockets, R2, static assets",
  worker: "rooms",
  ask: async (visit) => {
    const ada = await visit.socket("/api/rooms/lobby/socket?name=ada");
    const bob = await visit.socket("/api/rooms/lobby/socket?name=bob");
    const welcome = [await ada.json(), await bob.json()];
    ada.send("hello");
    const heard = [await ada.json(), await bob.json()];
    bob.send(new Uint8Array(7));
    const bytes = await ada.json();
    ada.send("ping");
    const pong = await ada.next();
    ada.send("/archive");
    const archived = await bob.json<Message>(({ type }) => type === "archived");
    const ended = await visit.ended("/api/rooms/lobby/status");
    const closed = await bob.close();
    const transcript = await visit.ask("/api/rooms/lobby/transcript");
    return {
      welcome,
      heard,
      bytes,
      pong,
      archived,
      ended,
      closed,
      transcript: [transcript.text, transcript.headers["content-type"]],
      history: (await visit.json<unknown[]>("/api/rooms/lobby/history")).length,
      archives: await visit.json("/api/rooms/lobby/archives"),
      plain: (await visit.ask("/api/rooms/lobby/socket")).status,
      assets: [
        (await visit.ask("/")).text.includes("<title>Rooms"),
        (await visit.ask("/client.js")).status,
        (await visit.ask("/no")).status,
      ],
    };
  },
  expected: {
    welcome: [
      { type: "welcome", name: "ada", history: 0 },
      { type: "welcome", name: "bob", history: 0 },
    ],
    heard: [
      { type: "message", id: 1, author: "ada", text: "hello" },
      { type: "message", id: 1, author: "ada", text: "hello" },
    ],
    bytes: { type: "message", id: 2, author: "bob", text: "7 bytes" },
    pong: "pong",
    archived: { type: "archived", key: "lobby/transcript.txt", lines: 3 },
    ended: { status: "complete", output: { key: "lobby/transcript.txt", lines: 3, times: 1, listeners: 2 } },
    closed: 1000,
    transcript: ["ada: hello\nbob: 7 bytes\nada: /archive", "text/plain; charset=utf-8"],
    history: 3,
    archives: { "archived:lobby": 1 },
    plain: 426,
    assets: [true, 200, 404],
  },
};
