/** The Cache API in a script: it is there, and keeps nothing. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { encode } from "../../../model/values/value.ts";
import type { Executor } from "../../../ports/executor.ts";
import { contractVersion } from "../../../../test/contracts/executor/script.ts";
import { workerdExecutor } from "../executor.ts";

let executor: Executor;
beforeAll(() => {
  executor = workerdExecutor({ onLog: () => {} });
});
afterAll(() => executor.close());

const WORKER = `
const why = (promise) => promise.then(() => "fine", (error) => error.name);
export default { async fetch() {
  const named = await caches.open("named");
  const fresh = new Response("body", { headers: { "cache-control": "max-age=60" } });
  const copy = fresh.clone();
  return Response.json([
    await why(caches.default.put("https://a.example/", fresh)),
    await copy.text(),
    (await caches.default.match("https://a.example/")) === undefined,
    await caches.default.delete(new Request("https://a.example/")),
    await why(named.put(new Request("https://a.example/", { method: "POST" }), new Response(""))),
    await why(named.put("https://a.example/", new Response("", { headers: { vary: "*" } }))),
    await why(named.put("https://a.example/", new Response("", { status: 206 }))),
  ]);
} };`;

test("finds nothing, takes what is put, and refuses what Cloudflare refuses", async () => {
  const host = await executor.open(contractVersion(WORKER), () => Promise.resolve(encode(null)));
  const answer = await host.fetch(new Request("http://script.test/"));
  expect(await answer.json()).toEqual(["fine", "body", true, false, "TypeError", "TypeError", "TypeError"]);
  await host.close();
});
