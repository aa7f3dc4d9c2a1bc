/** The listener over real sockets: it answers, it streams, and it ends although somebody is still connected. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { listen, type Listener } from "./http.ts";
import { Streamed } from "./streamed.ts";

let listener: Listener | undefined;
afterEach(() => listener?.close(0));

const open = async (answer: (request: Request) => Promise<Response>): Promise<Listener> =>
  (listener = await listen(answer, "127.0.0.1", 0));

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

test("a stream leaves piece by piece, and its source is told when the reader goes", async () => {
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

test("closing cuts off whoever stays connected, and takes nobody new", async () => {
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
