/** A port that is taken is passed over. */
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { freePort } from "./free-port.ts";

test("the first free port from one on", async () => {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  expect(await freePort("127.0.0.1", port)).toBeGreaterThan(port);
  server.close();
  await once(server, "close");
  expect(await freePort("127.0.0.1", port)).toBe(port);
});

test("what is wrong for another reason is left to who listens", async () => {
  expect(await freePort("192.0.2.1", 8787)).toBe(8787);
});
