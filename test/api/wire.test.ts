/** Requests that no client of `fetch` can send, as bytes: they are refused, and are no fault of the server. */
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openApi, type ApiBench } from "../support/api.ts";
import { Quick } from "../support/workflows.ts";

let api: ApiBench;
beforeAll(async () => {
  api = await openApi({ Quick });
});
afterAll(() => api.close());

const CREATE = "/client/v4/accounts/local/workflows/Quick/instances";

test.each([
  ["TRACE of the API", `TRACE ${CREATE}`, "405"],
  ["TRACE of a Worker", "TRACE /workers/script/", "405"],
  ["a whole URL with a name and a password", `POST http://a:b@localhost${CREATE}`, "400"],
  ["a whole URL", `POST http://localhost${CREATE}`, "200"],
])("%s is answered with its status", async (_, line, status) => {
  const { port } = await api.listen();
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(`${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`);
  expect((await text(socket)).split("\r\n")[0]).toContain(`HTTP/1.1 ${status} `);
});
