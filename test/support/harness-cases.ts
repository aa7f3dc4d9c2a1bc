/** What a test harness does, for stepwell's and for wrangler's own: the tests of a project run with either. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { TestHarness, TestHarnessOptions } from "../../src/testing/index.ts";
import { HARNESS_PROJECT } from "./harness-project.ts";
import { makeProject, type Project } from "./server.ts";

/** Declares the tests. */
export function harnessCases(createTestHarness: (options?: TestHarnessOptions) => TestHarness): void {
  let project: Project;
  let server: TestHarness;

  const options = (): TestHarnessOptions => ({
    root: project.folder,
    workers: [
      { configPath: "shop/wrangler.json", vars: { MODE: "arranged" }, secrets: { SECRET: "arranged" } },
      { configPath: join(project.folder, "post/wrangler.json") },
    ],
  });

  beforeAll(async () => {
    project = await makeProject(HARNESS_PROJECT);
    server = createTestHarness(options());
    await expect(server.fetch("/")).rejects.toThrow("Server has not been started");
    await server.listen();
    await server.getWorker().applyD1Migrations("DB");
  }, 60_000);
  afterAll(async () => {
    await server.close();
    await project.remove();
  });

  const text = async (input: string, init?: RequestInit): Promise<string> => (await server.fetch(input, init)).text();

  describe("requests", () => {
    test("go to the primary Worker, to the one of a route, or to one by its name", async () => {
      const { url } = await server.listen();
      expect(await text("/a")).toBe(`shop ${url.host}`);
      expect(await text("http://shop.example/a")).toBe("shop shop.example");
      expect(await text("http://post.example/b")).toBe("post /b");
      expect(await (await server.getWorker("post").fetch("/c")).text()).toBe("post /c");
      expect(await (await fetch(new URL("/landed", url))).text()).toBe("landed");
      await expect(server.getWorker("missing").fetch("/")).rejects.toThrow('Worker "missing" does not exist');
    });

    test("have methods and bodies, follow redirects, and reject with what the Worker throws", async () => {
      expect(await text("/echo", { method: "PUT", body: "body" })).toBe("PUT body");
      expect(await text("/redirect")).toBe("landed");
      expect((await server.fetch("/redirect", { redirect: "manual" })).status).toBe(302);
      await expect(server.fetch("/throw")).rejects.toThrow("thrown by the Worker");
    });

    test("find assets, Durable Objects and other Workers", async () => {
      expect(await text("/page.txt")).toBe("a page");
      expect([await text("/count"), await text("/count")]).toEqual(["1", "2"]);
      expect(await text("/post")).toBe("post /hello");
    });

    test("fetches of Workers use the global fetch of this process", async () => {
      const outside = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
        const request = new Request(input, init);
        return new Response(`${request.method} ${request.url} ${await request.text()}`, { headers: { "x-mocked": "1" } });
      });
      try {
        expect(await text("/outside")).toBe("POST https://outside.example/x hi");
      } finally {
        outside.mockRestore();
      }
    });
  });

  test("getEnv has what the Worker has: overridden, and usable here", async () => {
    const env = await server.getWorker().getEnv();
    expect([env["MODE"], env["SECRET"], env["ONLY"]]).toEqual(["arranged", "arranged", "of the file"]);
    expect(await (await server.fetch("/vars")).json()).toEqual(["arranged", "arranged", "of the file"]);
    await env["KV"].put("last", "here");
    expect(await text("/last")).toBe("here");
    await env["FILES"].put("a", "bytes");
    expect(await (await env["FILES"].get("a")).text()).toBe("bytes");
    const object = env["COUNTER"].get(env["COUNTER"].idFromName("b"));
    expect([await object.add(2), await object.add(3)]).toEqual([2, 5]);
    expect(await (await object.fetch("http://object/x")).text()).toBe("counter /x");
    expect(await (await env["POST"].fetch("http://post/y")).text()).toBe("post /y");
    expect(await env["POST"].greet("ada")).toEqual({ text: "dear ada", at: new Date(7) });
    await env["QUEUE"].send("a message");
    await vi.waitFor(async () => expect(await text("/last")).toBe("queue a message"), { timeout: 10_000 });
  });

  test("getExport calls methods of the default export", async () => {
    interface Post {
      greet(name: string): { text: string };
      fail(): never;
    }
    const post = await server.getWorker<object, { default: new () => Post }>("post").getExport();
    expect((await post.greet("bob")).text).toBe("dear bob");
    await expect((async () => post.fail())()).rejects.toThrow("too far");
  });

  test("scheduled says how the handler ended", async () => {
    const worker = server.getWorker();
    expect(await worker.scheduled({ cron: "0 * * * *", scheduledTime: new Date(5) })).toEqual({ outcome: "ok", noRetry: false });
    expect(await text("/last")).toBe("0 * * * * 5");
    expect(await worker.scheduled({ cron: "bad" })).toMatchObject({ outcome: "exception" });
  });

  test("migrations are applied once", async () => {
    const worker = server.getWorker();
    await worker.applyD1Migrations("DB");
    const { DB } = await worker.getEnv();
    expect((await DB.prepare("SELECT count(*) AS n FROM more").first()).n).toBe(2);
    expect((await DB.prepare("SELECT name FROM d1_migrations ORDER BY id").all()).results).toEqual([
      { name: "0001_orders.sql" },
      { name: "0002_more.sql" },
    ]);
  });

  test("logs are those of the Workers", async () => {
    server.clearLogs();
    await text("/logged");
    await vi.waitFor(() =>
      expect(server.getLogs()).toMatchObject([{ level: "log", message: "asked for /logged", timestamp: expect.any(Number) }]),
    );
  });

  describe("workflows", () => {
    test("an instance is arranged by its id, before it is there", async () => {
      const worker = server.getWorker();
      const instance = await worker.introspectWorkflowInstance("ORDER", "one");
      await instance.modify(async (m) => {
        await m.disableSleeps();
        await m.disableRetryDelays([{ name: "pay" }]);
        await m.mockStepError({ name: "pay" }, new RangeError("refused"), 1);
        await m.forceStepTimeout({ name: "pay" }, 1);
        await m.mockStepResult({ name: "pay" }, "card");
        await m.mockEvent({ type: "approval", payload: { by: "ada" } });
      });
      const { ORDER, DB } = await worker.getEnv();
      await ORDER.create({ id: "one", params: { total: 3 } });
      expect(await instance.waitForStepResult({ name: "pay" })).toBe("card");
      await instance.waitForStatus("complete");
      expect(await instance.getOutput()).toEqual({ receipt: "post /card", answer: { by: "ada" } });
      expect(await DB.prepare("SELECT total, paid FROM orders").first()).toEqual({ total: 3, paid: "card" });
      await instance.dispose();
    });

    test("all instances of a workflow, and their errors", async () => {
      const worker = server.getWorker();
      const introspector = await worker.introspectWorkflow("ORDER");
      await introspector.modifyAll((m) => m.mockStepError({ name: "pay" }, new RangeError("never")));
      await introspector.modifyAll((m) => m.disableRetryDelays());
      const { ORDER } = await worker.getEnv();
      await ORDER.createBatch([{ id: "x" }, { id: "y" }]);
      const instances = await introspector.get();
      expect(instances).toHaveLength(2);
      for (const instance of instances) {
        await instance.waitForStatus("errored");
        expect(await instance.getError()).toMatchObject({ message: expect.stringContaining("never") });
      }
      await introspector.dispose();
      await expect(worker.introspectWorkflow("NONE")).rejects.toThrow('No Workflow binding named "NONE" found in "shop" worker');
    });

    test("a wait for an event is made to time out, or gets the event that comes", async () => {
      const worker = server.getWorker();
      const { PATIENT } = await worker.getEnv();
      const late = await worker.introspectWorkflowInstance("PATIENT", "late");
      await late.modify((m) => m.forceEventTimeout({ name: "word" }));
      await PATIENT.create({ id: "late" });
      await late.waitForStatus("complete");
      expect(await late.getOutput()).toBe("timed out");
      const answered = await worker.introspectWorkflowInstance("PATIENT", "answered");
      await (await PATIENT.create({ id: "answered" })).sendEvent({ type: "word", payload: "go" });
      await answered.waitForStatus("complete");
      expect(await answered.getOutput()).toBe("go");
      await late.dispose();
      await answered.dispose();
    });
  });

  test("update changes what runs; reset brings back the options of the start, without data", async () => {
    await (await server.getWorker().getEnv())["KV"].put("last", "kept");
    await server.update((current) => ({
      ...current,
      workers: current.workers.map((worker, i) => ({
        ...worker,
        vars: { MODE: "updated" },
        ...(i === 0 && { bindingOverrides: { LATE: "post" } }),
      })),
    }));
    expect(await (await server.fetch("/vars")).json()).toEqual(["updated", "arranged", "of the file"]);
    expect(await (await (await server.getWorker().getEnv())["LATE"].fetch("http://post/late")).text()).toBe("post /late");
    expect(await (await server.getWorker().getEnv())["KV"].get("last")).toBe("kept");
    await server.reset();
    expect(await (await server.fetch("/vars")).json()).toEqual(["arranged", "arranged", "of the file"]);
    expect(await (await server.getWorker().getEnv())["KV"].get("last")).toBe(null);
  }, 60_000);

  test("close may come twice, and in the middle of listen", async () => {
    await server.close();
    await server.close();
    await expect(server.fetch("/")).rejects.toThrow("Server has not been started");
    const other = createTestHarness(options());
    const listening = other.listen();
    await Promise.all([other.close(), listening]);
    await expect(other.fetch("/")).rejects.toThrow("Server has not been started");
  }, 60_000);
}
