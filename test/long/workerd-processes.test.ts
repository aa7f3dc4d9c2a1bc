/** What only workerd has: several scripts in a process, spare processes, and the ends of both. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { encode } from "../../src/model/values/value.ts";
import type { ScriptVersion } from "../../src/ports/catalog/script-versions.ts";
import type { Executor, HostEnd } from "../../src/ports/executor.ts";
import { Driver } from "../contracts/executor/driver.ts";
import { contractVersion } from "../contracts/executor/script.ts";
import { workerdExecutor, type WorkerdExecutorOptions } from "../../src/executors/workerd/executor.ts";
import type { OnLog } from "../../src/ports/script-log.ts";
import { scriptOf } from "../../src/model/views/script-line.ts";

const noBindings = (): Promise<string> => Promise.resolve(encode(null));

const URL_OF_SCRIPT = "http://contract.test/";

/** Runs `body` with an executor that is closed afterwards. */
async function withExecutor(options: WorkerdExecutorOptions, body: (executor: Executor) => Promise<void>): Promise<void> {
  const executor = workerdExecutor({ onLog: () => {}, hasSpare: false, ...options });
  try {
    await body(executor);
  } finally {
    await executor.close();
  }
}

/** A version whose `fetch` answers what an expression gives. */
function answering(expression: string, more: Partial<ScriptVersion> = {}): ScriptVersion {
  const code = `export default { async fetch(request, env, ctx) { return Response.json(${expression}); } };`;
  return { ...contractVersion(code), ...more };
}

describe("workerd executor", () => {
  test("what is logged as values comes as values, beside its text", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const lines: unknown[] = [];
    const onLog: OnLog = ({ text, values }) => {
      if (lines.push([text, values]) === 2) resolve();
    };
    await withExecutor({ onLog, processes: 1 }, async (executor) => {
      const code = `console.log("a %s", 1, { b: [true, "x%s\\u0001\\n"] }); console.log("only text");`;
      await executor.open(contractVersion(code), noBindings);
      await promise;
    });
    expect(lines).toEqual([
      [expect.stringMatching(/^a 1 \{ b: \[/), ["a %s", 1, { b: [true, "x%s\u0001\n"] }]],
      ["only text", undefined],
    ]);
  });

  test("messages of scripts in one process carry the name of their script", async () => {
    const lines: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const onLog: OnLog = (line) => {
      lines.push(`${scriptOf(line)} ${line.level}: ${line.text}`);
      if (lines.length === 6) resolve();
    };
    await withExecutor({ onLog, processes: 1 }, async (executor) => {
      const code = `console.log("one\\ntwo", { a: 1 }); console.info({ b: 2 }, "%s"); console.error("oh %s %s", "no"); console.debug("%%", 1); `;
      await executor.open(contractVersion(code), noBindings);
      await executor.open(
        { ...contractVersion("console.log('me too'); console.error('\\u0001forged');"), script: "other" },
        noBindings,
      );
      await promise;
    });
    expect(lines.sort()).toEqual([
      "contract debug: % 1",
      "contract error: oh no %s",
      "contract info: { b: 2 } %s",
      "contract log: one\ntwo { a: 1 }",
      "other error: \u0001forged",
      "other log: me too",
    ]);
  });

  test("a run that ends its own context is lost, and its host is not", async () => {
    await withExecutor({}, async (executor) => {
      const driver = new Driver(await executor.open(contractVersion(), noBindings));
      const run = driver.start("Quitter");
      await run.until(() => run.losses.length > 0);
      expect(run.losses).toEqual([expect.stringContaining("exit(3)")]);
      await driver.roundTrip();
    });
  });

  test("process.exit ends a request, and not its host", async () => {
    await withExecutor({}, async (executor) => {
      const host = await executor.open(contractVersion(), noBindings);
      await expect(host.fetch(new Request(`${URL_OF_SCRIPT}exit`))).rejects.toMatchObject({ failure: "script.exception" });
      await new Driver(host).roundTrip();
    });
  });

  test("an uncaught exception ends nothing", async () => {
    await withExecutor({}, async (executor) => {
      const driver = new Driver(await executor.open(contractVersion(), noBindings));
      const run = driver.start("Crasher");
      await driver.roundTrip();
      expect(run.losses).toEqual([]);
    });
  });

  test("a heap that outgrows its limit ends the process, and what was in it can be opened again", async () => {
    await withExecutor({ processes: 1, heapMiB: 64, sharedHangAfterMs: 60_000 }, async (executor) => {
      const code = `export default { fetch() { const all = []; for (let i = 0; ; i += 1) all.push({ i, text: "x" + i }); } };`;
      const greedy = await executor.open({ ...contractVersion(code), script: "greedy" }, noBindings);
      const other = await executor.open(contractVersion(), noBindings);
      await expect(greedy.fetch(new Request(URL_OF_SCRIPT))).rejects.toMatchObject({ failure: "script.unavailable" });
      expect(await greedy.ended).toMatchObject({ kind: "died" });
      expect(await other.ended).toMatchObject({ kind: "died" });
      await new Driver(await executor.open(contractVersion(), noBindings)).roundTrip();
    });
  });

  /** Holds 64 MiB more after each request, none of it in a heap. */
  const hoarder = `const kept = []; export default { fetch() { kept.push(new Uint8Array(64 * 1024 * 1024).fill(1)); return new Response(); } };`;

  test("a script that takes memory besides its heap ends its process, and that is said with its name", async () => {
    const lines: string[] = [];
    const onLog: OnLog = ({ text }) => lines.push(text);
    await withExecutor({ memoryMiB: 400, onLog }, async (executor) => {
      const host = await executor.open({ ...contractVersion(hoarder), script: "hoarder" }, noBindings);
      let end: HostEnd | undefined;
      void host.ended.then((ended) => (end = ended));
      for (let i = 0; i < 8; i += 1) await host.fetch(new Request(URL_OF_SCRIPT)).catch(() => undefined);
      await host.ended;
      expect(end).toEqual({
        kind: "died",
        detail: expect.stringMatching(/took [\d,]+ MiB of memory; it may take 400 MiB/) as string,
        isShared: false,
      });
      expect(lines).toContainEqual(expect.stringMatching(/MiB of memory.*Workers in it: hoarder$/));
    });
  });

  test("a process that has grown hands over what is in it, and goes on with what it has", async () => {
    await withExecutor({ processes: 1, fullMiB: 300, memoryMiB: 4_000 }, async (executor) => {
      const host = await executor.open(contractVersion(hoarder), noBindings);
      for (let i = 0; i < 5; i += 1) await host.fetch(new Request(URL_OF_SCRIPT));
      await host.leaving;
      const other = await executor.open(contractVersion(hoarder), noBindings);
      expect((await host.fetch(new Request(URL_OF_SCRIPT))).status).toBe(200);
      await host.close();
      expect((await other.fetch(new Request(URL_OF_SCRIPT))).status).toBe(200);
    });
  });

  test("versions live side by side in one process, and each keeps its code", async () => {
    await withExecutor({ processes: 1 }, async (executor) => {
      const open = (text: string, id: string) => executor.open(answering(text, { id }), noBindings);
      const [first, second] = [await open("1", "a"), await open("2", "b")];
      const ask = async (host: typeof first): Promise<unknown> => (await host.fetch(new Request(URL_OF_SCRIPT))).json();
      expect([await ask(first), await ask(second)]).toEqual([1, 2]);
      await first.close();
      expect(await ask(second)).toBe(2);
    });
  });

  const undated = (version: ScriptVersion): ScriptVersion =>
    Object.fromEntries(Object.entries(version).filter(([key]) => key !== "compatibilityDate")) as unknown as ScriptVersion;
  test.each([
    ["an old date", (version: ScriptVersion) => ({ ...version, compatibilityDate: "2023-03-01" })],
    ["a date that is still to come", (version: ScriptVersion) => ({ ...version, compatibilityDate: "2999-01-01" })],
    ["no date", undated],
    [
      "flags that would take away what the runtime needs",
      (version: ScriptVersion) => ({ ...version, compatibilityFlags: ["disallow_importable_env"] }),
    ],
    [
      "a flag of workflows",
      (version: ScriptVersion) => ({ ...version, compatibilityFlags: ["workflows_preserve_non_retryable_error_message"] }),
    ],
  ])("a script with %s runs", async (_, changed) => {
    const version = contractVersion(`import { WorkflowEntrypoint } from "cloudflare:workers";
      export class Flow extends WorkflowEntrypoint {
        async run(event, step) { return step.do("a", async () => (await this.env.FLOW.get("it")).id); }
      }`);
    await withExecutor({}, async (executor) => {
      const host = await executor.open(changed({ ...version, compatibilityFlags: [] }), () => Promise.resolve(encode("it")));
      expect(await new Driver(host).start("Flow").last()).toMatchObject({ output: encode("it") });
    });
  });

  test("date and flags are the script's own", async () => {
    await withExecutor({}, async (executor) => {
      const ask = async (flags: string[]): Promise<unknown> => {
        const version = answering(`await import("node:path").then(() => "there", () => "missing")`, {
          id: String(flags),
          compatibilityDate: "2024-01-01",
          compatibilityFlags: flags,
        });
        return (await (await executor.open(version, noBindings)).fetch(new Request(URL_OF_SCRIPT))).json();
      };
      expect([await ask([]), await ask(["nodejs_compat"])]).toEqual(["missing", "there"]);
      await expect(ask(["no_such_flag"])).rejects.toMatchObject({ failure: "script.invalid" });
    });
  });

  test.skipIf(process.platform !== "linux")(
    "a process that is full finishes what it has, beside another for what is new",
    async () => {
      const code = "export default { fetch: () => new Response() };";
      await withExecutor({ processes: 1, fullMiB: 1 }, async (executor) => {
        const first = await executor.open(contractVersion(code), noBindings);
        const [old] = children();
        const second = await executor.open(contractVersion(code), noBindings);
        expect(children()).toHaveLength(2);
        expect((await first.fetch(new Request(URL_OF_SCRIPT))).status).toBe(200);
        await first.close();
        while (isRunning(old ?? "")) await setImmediate();
        expect((await second.fetch(new Request(URL_OF_SCRIPT))).status).toBe(200);
      });
    },
  );

  test.skipIf(process.platform !== "linux")(
    "scripts of a process that hung get processes of their own until they are cleared",
    async () => {
      await withExecutor({ processes: 1, sharedHangAfterMs: 2_000, hangAfterMs: 60_000 }, async (executor) => {
        const open = (script: string) => executor.open({ ...contractVersion(), script }, noBindings);
        const [busy, calm] = [await open("busy"), await open("calm")];
        expect(children()).toHaveLength(1);
        new Driver(busy).start("Busy");
        expect(await Promise.all([busy.ended, calm.ended])).toMatchObject([
          { kind: "hung", isShared: true },
          { kind: "hung", isShared: true },
        ]);

        const [again, unharmed] = [await open("busy"), await open("calm")];
        expect(children()).toHaveLength(2);
        new Driver(again).start("Busy");
        await new Driver(unharmed).roundTrip();
        await unharmed.close();
        while (children().length > 1) await setImmediate();

        await Promise.all([open("calm"), open("third")]);
        expect(children()).toHaveLength(2);
        await open("busy");
        expect(children()).toHaveLength(3);
      });
    },
  );

  test.skipIf(process.platform !== "linux")("a script that loads beside one that hangs is not taken for it", async () => {
    await withExecutor({ processes: 1, sharedHangAfterMs: 200, hangAfterMs: 1_000 }, async (executor) => {
      const open = (script: string, code?: string) => executor.open({ ...contractVersion(code), script }, noBindings);
      const [busy, calm] = await Promise.allSettled([open("busy", "for (;;);"), open("calm")]);
      expect(busy).toMatchObject({ reason: { failure: "script.invalid" } });
      if (calm.status === "rejected") throw calm.reason;
      await new Driver(calm.value).roundTrip();
    });
  });

  test.skipIf(process.platform !== "linux")("a spare process takes the place of one that has died", async () => {
    await withExecutor({ hasSpare: true }, async (executor) => {
      const host = await executor.open(contractVersion(), noBindings);
      const [first = ""] = children();
      while (children().length < 2) await setImmediate();
      const spare = children().find((pid) => pid !== first);
      process.kill(Number(first), "SIGKILL");
      expect(await host.ended).toMatchObject({ kind: "died" });
      await new Driver(await executor.open(contractVersion(), noBindings)).roundTrip();
      expect(children()).toEqual([spare]);
    });
  });

  test.skipIf(process.platform !== "linux")(
    "a process that is killed while it starts says nothing about the script",
    async () => {
      await withExecutor({}, async (executor) => {
        const opening = Promise.allSettled([executor.open(contractVersion(), noBindings)]);
        const turn = (): Promise<undefined> => setImmediate(undefined);
        let opened = await Promise.race([opening, turn()]);
        while (opened === undefined) {
          for (const pid of children()) process.kill(Number(pid), "SIGKILL");
          opened = await Promise.race([opening, turn()]);
        }
        expect(opened).toMatchObject([{ reason: { failure: "executor.not_started" } }]);
        await new Driver(await executor.open(contractVersion(), noBindings)).roundTrip();
      });
    },
  );

  test.skipIf(process.platform !== "linux").each([
    ["waits", `console.log("begun"); export default {};`],
    ["never gives way", `export default { fetch() { console.log("begun"); for (;;); } };`],
  ])("the processes of a server that is killed end with it when a script in them %s", async (_, code) => {
    const program = `const { workerdExecutor } = await import(process.argv[1]);
      const host = await workerdExecutor({ hasSpare: false }).open(${JSON.stringify(contractVersion(code))}, () => {});
      await host.fetch(new Request("http://contract.test/"));`;
    const server = spawn(
      process.execPath,
      ["--input-type=module", "-e", program, new URL("../../src/executors/workerd/executor.ts", import.meta.url).href],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    // A line from the script.
    await once(server.stdout, "data");
    const [shells, processes] = [children(server.pid, "sh"), children(server.pid)];
    try {
      expect([shells, processes]).toEqual([[expect.any(String)], [expect.any(String)]]);
      server.kill("SIGKILL");
      await vi.waitUntil(() => !processes.some((pid) => isRunning(pid)) && !shells.some((pid) => isRunning(pid, "sh")), 10_000);
    } finally {
      for (const pid of processes) if (isRunning(pid)) process.kill(Number(pid), "SIGKILL");
    }
  });

  test.skipIf(process.platform !== "linux")("the shell that outlives a server is started again when it is killed", async () => {
    await withExecutor({}, async (executor) => {
      await executor.open(contractVersion(), noBindings);
      const [shell = ""] = children(process.pid, "sh");
      process.kill(Number(shell), "SIGKILL");
      await vi.waitUntil(() => children(process.pid, "sh").some((pid) => pid !== shell), 10_000);
    });
  });

  test.skipIf(process.platform !== "linux")("nothing is left behind when an executor closes", async () => {
    await withExecutor({ hasSpare: true }, async (executor) => {
      await executor.open(contractVersion(), noBindings);
      expect([children(), children(process.pid, "sh")]).toEqual([[expect.any(String)], [expect.any(String)]]);
    });
    await vi.waitUntil(() => children().length === 0 && children(process.pid, "sh").length === 0);
  });
});

/** The processes of workerd, or of another program, that a process has. */
function children(pid: number = process.pid, program: string = "workerd"): string[] {
  const all = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  return all.filter((child) => isRunning(child, program));
}

/** Whether that is a process of the program, other than as an entry that its parent has not looked at. */
function isRunning(pid: string, program: string = "workerd"): boolean {
  try {
    return new RegExp(String.raw`^\d+ \(${program}\) [^Z]`).test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
