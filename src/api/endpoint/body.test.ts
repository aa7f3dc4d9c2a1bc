/** Bodies of requests: how much of one is read, how long it may take, and how much of all of them is held. */
import { expect, test } from "vitest";
import { LIMITS } from "../../model/limits.ts";
import { fakeClock } from "../../testing/fake-clock.ts";
import { BodyRoom, RequestBody } from "./body.ts";

const URL = "http://localhost/";

const request = (body: string | FormData | ReadableStream, headers: Record<string, string> = {}): Request =>
  new Request(URL, { method: "POST", body, headers, duplex: "half" });

const announced = (text: string): Request => request(text, { "content-length": String(text.length) });

test("a body is read up to its limit, whether its length is announced or not", async () => {
  for (const make of [announced, (text: string): Request => request(new Blob([text]).stream())]) {
    const room = new BodyRoom();
    expect(await new RequestBody(make("12345"), 5, room).text()).toBe("12345");
    expect(await new RequestBody(make("[1,2]"), 5, room).json()).toEqual([1, 2]);
    expect(new TextDecoder().decode(await new RequestBody(make("12345"), 5, room).bytes())).toBe("12345");
    await expect(new RequestBody(make("123456"), 5, room).bytes()).rejects.toMatchObject({ failure: "request.too_large" });
    await expect(new RequestBody(make("123456"), 5, room).text()).rejects.toMatchObject({ failure: "request.too_large" });
  }
});

test("what passes as a stream is counted, too", async () => {
  const passing = new RequestBody(request(new Blob(["123456"]).stream()), 5, new BodyRoom()).stream();
  await expect(new Response(passing).text()).rejects.toMatchObject({ failure: "request.too_large" });
  expect(() => new RequestBody(announced("123456"), 5, new BodyRoom()).stream()).toThrow("(request.too_large)");
});

test("a body that does not come in time is given up, sooner when it is short", async () => {
  for (const length of [0, 10 * LIMITS.bodyBytesPerSecond]) {
    const clock = fakeClock();
    const silent = request(new ReadableStream({ pull: () => new Promise(() => undefined) }));
    const reading = new RequestBody(silent, length, new BodyRoom(), clock).text();
    const ended = reading.catch((cause: { failure: string }) => cause.failure);
    clock.advance(LIMITS.bodyMs + (length / LIMITS.bodyBytesPerSecond) * 1_000 - 1);
    expect(await Promise.race([ended, new Promise((resolve) => setImmediate(resolve, "reading"))])).toBe("reading");
    clock.advance(1);
    expect(await ended).toBe("request.timeout");
    expect(clock.pending).toBe(0);
  }
});

test("bodies share a room: one that does not fit is refused, and each leaves it again", async () => {
  const room = new BodyRoom(10);
  const first = new RequestBody(announced("12345678"), 100, room);
  await first.text();
  for (const late of [announced("123"), request(new Blob(["123"]).stream())])
    await expect(new RequestBody(late, 100, room).text()).rejects.toMatchObject({ failure: "request.overloaded" });
  first.close();
  first.close();
  expect(await new RequestBody(announced("1234567890"), 100, room).text()).toBe("1234567890");
});

test("a form has a limited number of parts, and one that is broken is refused as such", async () => {
  const form = (parts: number): FormData => {
    const made = new FormData();
    for (let i = 0; i < parts; i += 1) made.append(`${i}`, "x");
    return made;
  };
  const read = (sent: Request): Promise<FormData> => new RequestBody(sent, 10_000_000, new BodyRoom()).form("Not a form");
  expect([...(await read(request(form(LIMITS.formParts))))]).toHaveLength(LIMITS.formParts);
  await expect(read(request(form(LIMITS.formParts + 1)))).rejects.toMatchObject({ failure: "request.too_large" });
  const type = "multipart/form-data; boundary=x";
  for (const [text, sentType] of [
    ["", type],
    ["--x\r\ncontent-disposition: form-data; name=value\r\n\r\ncut off", type],
    ["--x--", "multipart/form-data"],
    ["{}", "application/json"],
  ] as const)
    await expect(read(request(text, { "content-type": sentType }))).rejects.toMatchObject({
      failure: "body",
      detail: "Not a form",
    });
});
