/** Upgrades lose nothing that Workers have stored: what earlier versions have written is read by today's workerd and bindings. */
import { afterEach, expect, test } from "vitest";
import { histories, openHistory, type History, type Upgraded } from "../histories/upgrade.ts";

let history: History;
let server: Upgraded;

afterEach(async () => {
  await server.stop();
  history.remove();
});

test.each(histories())("storage and queues of %s", async (name) => {
  history = openHistory(name);
  server = await history.serve(60_000, "workerd");
  const { storage, messages } = history.story;
  const answer = await fetch(`${server.url}/workers/storage/read`);
  expect(await answer.json()).toEqual(storage);
  const { result: queues } = await server.call("GET", "/queues");
  const found = (queues as { queue_id: string; queue_name: string }[]).filter(({ queue_name: queue }) => queue === "letters");
  expect(found).toHaveLength(messages ?? 0);
  for (const { queue_id: id } of found) {
    await server.call("POST", `/queues/${id}/consumers`, { type: "http_pull" });
    const { result } = await server.call("POST", `/queues/${id}/messages/pull`, { batch_size: 10 });
    const bodies = (result as { messages: { body: string }[] }).messages.map(({ body }) => body);
    expect(bodies).toHaveLength(messages ?? 0);
    expect(JSON.parse(bodies[0] ?? "")).toEqual({ dear: "reader" });
  }
  expect((await server.instances("GET", "/completed")).result).toMatchObject({ status: "complete" });
});
