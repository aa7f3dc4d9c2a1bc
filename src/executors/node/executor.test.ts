import { describe, expect, test } from "vitest";
import { decode, encode } from "../../model/values/value.ts";
import type { Executor } from "../../ports/executor.ts";
import { executorContract } from "../../../test/contracts/executor/executor.ts";
import { Driver } from "../../../test/contracts/executor/driver.ts";
import { contractVersion } from "../../../test/contracts/executor/script.ts";
import type { OnLog } from "../../ports/script-log.ts";
import { scriptOf } from "../../model/views/script-line.ts";
import { nodeExecutor, type NodeExecutorOptions } from "./executor.ts";

executorContract("node", ({ hangAfterMs, onLog }) => nodeExecutor({ hangAfterMs, onLog }));

const noBindings = (): Promise<string> => Promise.resolve(encode(null));

/** Runs `body` with an executor that is closed afterwards. */
async function withExecutor(options: NodeExecutorOptions, body: (executor: Executor) => Promise<void>): Promise<void> {
  const executor = nodeExecutor(options);
  try {
    await body(executor);
  } finally {
    await executor.close();
  }
}

describe("node executor", () => {
  test("what goes past the console comes out line by line", async () => {
    const lines: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const onLog: OnLog = (line) => {
      lines.push(`${scriptOf(line)} ${line.level}: ${line.text}`);
      if (lines.length === 3) resolve();
    };
    await withExecutor({ onLog }, async (executor) => {
      const code = `console.log("one\\ntwo"); process.stdout.write("thr"); process.stdout.write("ee\\n"); process.stderr.write("oh no\\n");`;
      await executor.open(contractVersion(code), noBindings);
      await promise;
    });
    expect(lines.sort()).toEqual(["contract error: oh no", "contract log: one\ntwo", "contract log: three"]);
  });

  test("request.cf has what the executor is given, and the encodings that the client takes", async () => {
    await withExecutor({ requestCf: { country: "XX" } }, async (executor) => {
      const code = "export default { fetch: (request) => Response.json(request.cf) };";
      const host = await executor.open(contractVersion(code), noBindings);
      const asked = new Request("http://contract.test/", { headers: { "accept-encoding": "gzip" } });
      expect(await (await host.fetch(asked)).json()).toEqual({ country: "XX", clientAcceptEncoding: "gzip" });
    });
  });

  test("a heap that outgrows its limit ends the thread only", async () => {
    await withExecutor({ resourceLimits: { maxOldGenerationSizeMb: 32 }, onLog: () => {} }, async (executor) => {
      const code = `export default { fetch() { const all = []; for (let i = 0; ; i += 1) all.push({ i, text: "x" + i }); } };`;
      const host = await executor.open(contractVersion(code), noBindings);
      await expect(host.fetch(new Request("http://contract.test/"))).rejects.toMatchObject({ failure: "script.unavailable" });
      expect(await host.ended).toMatchObject({ kind: "died", detail: expect.stringContaining("memory") as unknown });
    });
  });

  test("scheduler.wait is a global, as in Workers", async () => {
    await withExecutor({}, async (executor) => {
      const code = `export default { async fetch() { await scheduler.wait(1); return new Response("waited"); } };`;
      const host = await executor.open(contractVersion(code), noBindings);
      expect(await (await host.fetch(new Request("http://contract.test/"))).text()).toBe("waited");
    });
  });

  test.each([
    "null",
    "undefined",
    "{}",
    '{ type: "fetched", id: 9 }',
    '{ type: "dispatched", id: 9, answer: { thrown: null } }',
    '{ type: "fetched", id: 9, end: { kind: "answered", response: { status: 9999, statusText: "", headers: [], body: null } } }',
    '{ type: "call", id: 1 }',
  ])("a thread that posts %s is given up", async (message) => {
    await withExecutor({}, async (executor) => {
      const code = `import { parentPort } from "node:worker_threads";
        export default { fetch() { parentPort.postMessage(${message}); return new Promise(() => {}); } };`;
      const host = await executor.open(contractVersion(code), noBindings);
      await expect(host.fetch(new Request("http://contract.test/"))).rejects.toMatchObject({ failure: "script.unavailable" });
      expect(await host.ended).toMatchObject({ kind: "died", detail: "A message has a shape that none has" });
    });
  });

  test.each(["Response.error()", 'Object.defineProperty(new Response("x"), "status", { value: 999 })'])(
    "a response that no server can send (%s) fails its own request",
    async (response) => {
      await withExecutor({}, async (executor) => {
        const code = `export default { fetch: ({ url }) => (url.endsWith("/odd") ? ${response} : new Response("well")) };`;
        const host = await executor.open(contractVersion(code), noBindings);
        await expect(host.fetch(new Request("http://contract.test/odd"))).rejects.toMatchObject({ failure: "script.exception" });
        expect(await (await host.fetch(new Request("http://contract.test/"))).text()).toBe("well");
      });
    },
  );

  test("a response has the headers that the Worker gave it, and no others", async () => {
    await withExecutor({}, async (executor) => {
      const code = `export default { fetch: () => new Response(new Uint8Array([1]), { headers: [["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]] }) };`;
      const host = await executor.open(contractVersion(code), noBindings);
      const response = await host.fetch(new Request("http://contract.test/"));
      expect([...response.headers]).toEqual([
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
      ]);
      await response.body?.cancel();
    });
  });

  test("a thread that sends what is no frame is given up", async () => {
    await withExecutor({}, async (executor) => {
      const code = `import { parentPort } from "node:worker_threads";
        export default { fetch() { parentPort.postMessage('[{"type":"events"}]'); return new Promise(() => {}); } };`;
      const host = await executor.open(contractVersion(code), noBindings);
      await expect(host.fetch(new Request("http://contract.test/"))).rejects.toMatchObject({ failure: "script.unavailable" });
      expect(await host.ended).toMatchObject({ kind: "died", detail: "Frame 1 of 1 has a shape that no frame has" });
    });
  });

  test.each([
    ["workflow", "another", "(workflow.not_found) Workflow not found"],
    ["workflow", "letters", "(workflow.not_found) Workflow not found"],
    ["queue", "flow", "(queue.not_found) Queue not found"],
    ["none", "flow", "(workflow.not_found) Workflow not found"],
  ])("a script may call only what it is bound to, not the %s %s", async (to, name, message) => {
    await withExecutor({}, async (executor) => {
      const code = `import { parentPort } from "node:worker_threads";
        export default { fetch: () => new Promise((resolve) => {
          parentPort.on("message", ({ type, end }) => type === "called" && resolve(Response.json(end)));
          parentPort.postMessage({ type: "call", id: 1, call: { to: "${to}", name: "${name}", method: "create", args: "[]" } });
        }) };`;
      const host = await executor.open(contractVersion(code), noBindings);
      const response = await host.fetch(new Request("http://contract.test/"));
      expect(await response.json()).toEqual({ kind: "refused", message });
    });
  });

  test("the pages of one script do not see those of another", async () => {
    await withExecutor({}, async (executor) => {
      const hosts = await Promise.all([1, 2].map(() => executor.open(contractVersion(), noBindings)));
      const abort = new AbortController();
      const [first, second] = hosts;
      const waiting = first?.fetch(new Request("http://contract.test/never", { signal: abort.signal }));
      abort.abort(new Error("enough"));
      await expect(waiting).rejects.toThrow("enough");
      expect(await (await second?.fetch(new Request("http://contract.test/aborted")))?.json()).toEqual([]);
      expect(await (await first?.fetch(new Request("http://contract.test/aborted")))?.json()).toEqual(["never"]);
    });
  });

  test("a host that loads while the executor closes does not stay", async () => {
    const executor = nodeExecutor();
    const opening = executor.open(contractVersion(), noBindings);
    await Promise.all([expect(opening).rejects.toMatchObject({ failure: "script.unavailable" }), executor.close()]);
    await expect(executor.open(contractVersion(), noBindings)).rejects.toMatchObject({ failure: "shutting_down" });
  });

  test("no step begins in a run that was stopped while its thread was busy", async () => {
    await withExecutor({}, async (executor) => {
      const asked: unknown[] = [];
      const stopped = Promise.withResolvers<void>();
      const host = await executor.open(contractVersion(), async ({ args }) => {
        const [id] = decode(args) as unknown[];
        asked.push(id);
        // The answer has been sent by then, and keeps the thread busy.
        if (id === "gate") setImmediate(() => stopped.resolve(run.tell({ type: "stop" })));
        return encode(id);
      });
      const driver = new Driver(host);
      const run = driver.start("Lingering", { params: encode({ n: 300 }) });
      await stopped.promise;
      await driver.roundTrip();
      await driver.roundTrip();
      expect(asked).toEqual(["gate"]);
    });
  });

  test("nothing is heard of a host after its end", async () => {
    await withExecutor({ onLog: () => {} }, async (executor) => {
      const host = await executor.open(contractVersion(), noBindings);
      const run = new Driver(host).start("Two", { acks: "by hand" });
      await run.until(() => run.types.length > 0);
      const before = run.types;
      void host.close();
      run.ack();
      await host.ended;
      await host.close();
      expect(run.types).toEqual(before);
    });
  });
});
