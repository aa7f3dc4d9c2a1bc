/** The listener over real sockets: it answers, it streams, and it closes although clients are still connected. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { systemClock } from "../system/clock.ts";
import { listen, type Listener, type Patience } from "./http.ts";
import { Streamed } from "./workers/streamed.ts";

let listener: Listener | undefined;
afterEach(() => listener?.close(0));

const open = async (answer: (request: Request) => Promise<Response>, patience?: Patience): Promise<Listener> =>
  (listener = await listen(answer, "127.0.0.1", 0, systemClock, patience));

/** Sends raw bytes; resolves with all that was answered once the server has hung up. */
async function sendRaw(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answered = "";
  socket.on("data", (chunk) => (answered += chunk.toString()));
  socket.on("error", () => undefined);
  socket.write(text);
  await new Promise((resolve) => socket.once("close", resolve));
  return answered;
}

const HEADERS = "PUT / HTTP/1.1\r\nHost: localhost\r\n";

test("requests arrive whole, with their method, path, headers and body", async () => {
  const { url, port } = await open(async (request) =>
    Response.json({ method: request.method, url: request.url, mark: request.headers.get("x-mark"), body: await request.text() }),
  );
  expect(url).toBe(`http://127.0.0.1:${port}`);
  const response = await fetch(`${url}/a%20b?c=d`, { method: "PUT", body: "text", headers: { "x-mark": "1" } });
  expect(await response.json()).toEqual({ method: "PUT", url: `${url}/a%20b?c=d`, mark: "1", body: "text" });
});

test("a port that is taken is the system's error", async () => {
  const { port } = await open(() => Promise.resolve(new Response()));
  await expect(listen(() => Promise.resolve(new Response()), "127.0.0.1", port)).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("a stream is sent piece by piece, and its source is cancelled when the reader leaves", async () => {
  const { promise: cancelled, resolve: cancel } = Promise.withResolvers<void>();
  const { url } = await open(() => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("first")),
      cancel: () => cancel(),
    });
    return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
  });
  const reader = (await fetch(url)).body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("first");
  await reader?.cancel();
  await cancelled;
});

test("an answer that breaks off ends its connection, and is reported once", async () => {
  const printed = vi.spyOn(console, "error").mockReturnValue();
  const broken = Promise.withResolvers<unknown>();
  const cause = Object.assign(new Error("aborted"), { code: "ECONNRESET" });
  const pieces = ["first", "second"];
  const { url } = await open(() => {
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const piece = pieces.shift();
        if (piece === undefined) controller.error(cause);
        else controller.enqueue(new TextEncoder().encode(piece));
      },
    });
    return Promise.resolve(
      new Streamed(
        body,
        {
          status: 201,
          headers: [
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2"],
          ],
        },
        broken.resolve,
      ),
    );
  });
  const response = await fetch(url);
  expect([response.status, response.headers.getSetCookie()]).toEqual([201, ["a=1", "b=2"]]);
  await expect(response.text()).rejects.toThrow();
  expect(await broken.promise).toBe(cause);
  expect(printed.mock.calls).toEqual([]);
  printed.mockRestore();
});

test("an answer whose reader leaves cancels its source, and is not reported", async () => {
  const cancelled = Promise.withResolvers<void>();
  const onBroken = vi.fn();
  const { url } = await open(() => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("first")),
      cancel: () => cancelled.resolve(),
    });
    return Promise.resolve(new Streamed(body, {}, onBroken));
  });
  const reader = (await fetch(url)).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await cancelled.promise;
  expect(onBroken).not.toHaveBeenCalled();
});

test("closing cuts off connected clients, and accepts no new ones", async () => {
  const opened = await open(() => Promise.resolve(new Response(new ReadableStream())));
  const idle = connect(opened.port, "127.0.0.1");
  await once(idle, "connect");
  const streaming = await fetch(opened.url);
  const cut = streaming.text().catch(() => "cut off");
  const gone = once(idle, "close");
  idle.resume();
  await opened.close(0);
  await gone;
  expect(await cut).toBe("cut off");
  await expect(fetch(opened.url)).rejects.toThrow();
});

test("a request under way is answered before the end", async () => {
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const { promise: allowed, resolve: allow } = Promise.withResolvers<void>();
  const opened = await open(async () => {
    ask();
    await allowed;
    return new Response("answer");
  });
  const response = fetch(opened.url, { headers: { connection: "close" } });
  await asked;
  const closed = opened.close(30_000);
  allow();
  expect(await (await response).text()).toBe("answer");
  await closed;
});

const IMPATIENT: Patience = { headersMs: 50, stalledMs: 50, requestMs: 60_000 };

test("headers, and bodies, that do not come are not waited for", async () => {
  const { port } = await open(async (request) => new Response(await request.text()), IMPATIENT);
  expect(await sendRaw(port, "PUT / HT")).toMatch(/^(HTTP\/1.1 408 |$)/);
  expect(await sendRaw(port, `${HEADERS}Content-Length: 10\r\n\r\n12345`)).toBe("");
  expect(await sendRaw(port, `${HEADERS}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n`)).toBe("");
});

test("a body that goes on for longer than it may is cut off", async () => {
  const { port } = await open(async (request) => new Response(await request.text()), {
    ...IMPATIENT,
    stalledMs: 60_000,
    requestMs: 100,
  });
  expect(await sendRaw(port, `${HEADERS}Content-Length: 10\r\n\r\n12345`)).toMatch(/^HTTP\/1.1 408 /);
});

test("an answer that is not taken is not kept for ever", async () => {
  const gone = Promise.withResolvers<void>();
  const { port } = await open(() => {
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)),
      cancel: () => gone.resolve(),
    });
    return Promise.resolve(new Response(body));
  }, IMPATIENT);
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await gone.promise;
  socket.destroy();
});

test("a server that takes its time is waited for: with an answer, and between the parts of one", async () => {
  const steps: (() => void)[] = [];
  const nextStep = (): Promise<void> => new Promise((resolve) => void steps.push(resolve));
  const { url, port } = await open(async (request) => {
    if (request.headers.get("x-slow") === null) return new Response(await request.text());
    await nextStep();
    const body = new ReadableStream({
      pull: async (controller) => {
        controller.enqueue(new TextEncoder().encode("part"));
        await nextStep();
        controller.close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }, IMPATIENT);
  const waiting = fetch(url, { method: "PUT", body: "whole", headers: { "x-slow": "1" } }).then((response) => response.text());
  for (let step = 0; step < 2; step += 1) {
    // Clients that stall measure the time: each is cut off once all that a client is given has passed.
    for (let i = 0; i < 3; i += 1) await sendRaw(port, `${HEADERS}Content-Length: 10\r\n\r\n12345`);
    steps.shift()?.();
  }
  expect(await waiting).toBe("part");
});

test.each(["PUT", "GET"])("a body that is not read ends with its connection, soon (%s)", async (method) => {
  const { port } = await open(() => Promise.resolve(new Response("no", { status: 403 })));
  const socket = connect(port, "127.0.0.1");
  let answered = "";
  socket.on("data", (chunk) => (answered += chunk.toString()));
  socket.on("error", () => undefined);
  socket.write(`${HEADERS.replace("PUT", method)}Transfer-Encoding: chunked\r\n\r\n`);
  const part = `10000\r\n${"x".repeat(0x10000)}\r\n`;
  const send = (): void => void (socket.writable && socket.write(part) && setImmediate(send));
  socket.on("drain", send);
  send();
  await new Promise((resolve) => socket.once("close", resolve));
  // There is no body to a GET, so that its sender is not given the time to see the answer.
  expect(answered).toMatch(method === "GET" ? /^(HTTP\/1.1 403 |$)/ : /^HTTP\/1.1 403 /);
});

test.each([
  ["a name and a password in its host", "/", "Host: a:b@c", "400"],
  ["a path in its host", "/", "Host: localhost/x?y#", "400"],
  ["no host", "/", "X: y", "400"],
  ["a whole URL with a name and a password", "http://a:b@localhost/", "Host: localhost", "400"],
  ["a whole URL", "http://localhost/", "Host: localhost", "200"],
  ["a header with the name of a prototype", "/", "Host: localhost\r\n__proto__: x\r\n__proto__: y", "200"],
])("a request to upgrade with %s gets an answer", async (_, target, headers, status) => {
  const { port } = await open((request) => Promise.resolve(new Response(request.url)));
  const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  const answered = await sendRaw(port, `GET ${target} HTTP/1.1\r\n${headers}\r\n${upgrade}`);
  expect(answered).toContain(`HTTP/1.1 ${status} `);
});

test("a client whose request to upgrade is refused is not kept, although it sends on", async () => {
  const opened = await open(() => Promise.resolve(new Response("no", { status: 404 })));
  const socket = connect({ port: opened.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  await once(socket, "data");
  expect(opened.sockets).toBe(1);
  socket.end("bytes that nobody reads");
  await once(socket, "end");
  await vi.waitFor(() => expect(opened.sockets).toBe(0));
});

test("a listener that closes ends connections whose request to upgrade has no answer yet", async () => {
  const asked = Promise.withResolvers<void>();
  const opened = await open(() => {
    asked.resolve();
    return new Promise(() => {});
  });
  const socket = connect(opened.port, "127.0.0.1");
  const closed = once(socket, "close");
  socket.on("error", () => {});
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  await asked.promise;
  await opened.close(0);
  await closed;
});
