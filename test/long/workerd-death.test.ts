/** No isolate dies unseen: however one comes to say nothing more, its host ends and says why. */
import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { decode, encode } from "../../src/model/values/value.ts";
import type { Executor, Host } from "../../src/ports/executor.ts";
import { Driver } from "../contracts/executor/driver.ts";
import { contractVersion } from "../contracts/executor/script.ts";
import { workerdExecutor } from "../../src/executors/workerd/executor.ts";

/** How the code of the isolates and of the loader is changed before it is loaded. */
const planted = vi.hoisted(() => ({ runtime: (text: string): string => text, loader: (text: string): string => text }));

vi.mock("../../src/executors/workerd/script/modules.ts", async (original) => {
  const real = await original<typeof import("../../src/executors/workerd/script/modules.ts")>();
  const ownModules: typeof real.ownModules = async () => {
    const { runtime, loader } = await real.ownModules();
    return { runtime: planted.runtime(runtime), loader: planted.loader(loader) };
  };
  return { ...real, ownModules };
});

/** Does something else in the loop of a link before its first turn. */
const inLoop =
  (statement: string) =>
  (text: string): string => {
    const changed = text.replace(/async run\(\)\{while\(this\.#open\)\{/, (found) => `${found}${statement};`);
    if (changed === text) throw new Error("The loop is not where it was");
    return changed;
  };

const CODE = `
import { WorkflowEntrypoint, abortIsolate } from "cloudflare:workers";
export class Aborting extends WorkflowEntrypoint {
  run(event, step) { return step.do("abort", async () => abortIsolate("because")); }
}
export class Ticking extends WorkflowEntrypoint {
  async run() { for (;;) await this.env.FLOW.get("tick"); }
}
export class Busy extends WorkflowEntrypoint {
  run(event, step) {
    return step.do("busy", () => { for (const end = Date.now() + event.payload; Date.now() < end; ) crypto.randomUUID(); });
  }
}
export default {
  fetch(request, env, ctx) {
    switch (new URL(request.url).pathname) {
      case "/abort":
        return abortIsolate("because");
      case "/abort-later":
        ctx.waitUntil((async () => { await scheduler.wait(10); abortIsolate("because"); })());
    }
    return new Response("hello");
  },
  queue() { abortIsolate("because"); },
};`;

const HANG_MS = 2_000;

let executor: Executor;
const ticked = { times: 0 };

beforeEach(() => {
  executor = workerdExecutor({
    onLog: () => {},
    hasSpare: false,
    processes: 1,
    hangAfterMs: HANG_MS,
    sharedHangAfterMs: HANG_MS,
  });
});
afterEach(async () => {
  planted.runtime = planted.loader = (text) => text;
  await executor.close();
});

const open = (script = "contract"): Promise<Host> =>
  executor.open({ ...contractVersion(CODE), script }, ({ args }) => {
    if ((decode(args) as unknown[])[0] === "tick") ticked.times += 1;
    return Promise.resolve(encode("it"));
  });

const ask = async (host: Host, path: string): Promise<string> =>
  (await host.fetch(new Request(`http://contract.test${path}`))).text();

describe("a host ends", () => {
  test("when the loop of its isolate turns no more", async () => {
    planted.runtime = inLoop("await new Promise(()=>{})");
    expect(await (await open()).ended).toEqual({ kind: "died", detail: `Its loop has not turned for ${HANG_MS} ms` });
  });

  test("when the loop of its isolate fails", async () => {
    planted.runtime = inLoop(`if((globalThis.turns=(globalThis.turns??0)+1)>3)throw new Error("planted")`);
    const host = await open();
    new Driver(host).start("Ticking");
    const detail = "The isolate has closed its socket (1011: The isolate cannot go on: planted)";
    expect(await host.ended).toEqual({ kind: "died", detail });
  });

  test("when its isolate cannot make anything of what it is sent", async () => {
    const host = await open();
    new Driver(host).start("Ticking").tell({ type: "history", from: 0, outcomes: null as never });
    expect(await host.ended).toMatchObject({ kind: "died", detail: expect.stringContaining("cannot go on") as string });
  });

  test("with its process when the loop of the loader turns no more", async () => {
    planted.loader = inLoop("await new Promise(()=>{})");
    expect(await (await open()).ended).toMatchObject({ kind: "hung", isShared: false });
  });

  test("not because of code that takes its time", async () => {
    const host = await open();
    const driver = new Driver(host);
    for (let i = 0; i < 3; i += 1) await driver.start("Busy", { params: encode(HANG_MS * 0.6) }).last();
    expect(await Promise.race([host.ended, setImmediate("open")])).toBe("open");
  });
});

describe("abortIsolate ends the host", () => {
  const ABORTED = { kind: "died", detail: expect.stringContaining("abortIsolate") as string };

  test.each<[string, (host: Host) => unknown]>([
    ["in a step", (host) => new Driver(host).start("Aborting")],
    ["in a request", (host) => ask(host, "/abort").catch(() => {})],
    [
      "in another handler",
      (host) => host.dispatch({ type: "queue", queue: "q", messages: [], metadata: {} } as never).catch(() => {}),
    ],
    ["in what a request has left to waitUntil", (host) => ask(host, "/abort-later")],
  ])("%s", async (_, abort) => {
    const host = await open();
    await abort(host);
    expect(await host.ended).toEqual(ABORTED);
    expect(await ask(await open(), "/")).toBe("hello");
  });

  test("before the request that called it is answered: the next one is for another", async () => {
    const host = await open();
    await expect(ask(host, "/abort")).rejects.toMatchObject({ failure: "script.unavailable" });
    expect(await Promise.race([host.ended, setImmediate("open")])).toEqual(ABORTED);
  });

  test("and all that goes on in it", async () => {
    const host = await open();
    const driver = new Driver(host);
    const ticking = driver.start("Ticking");
    while (ticked.times < 3) await driver.start("Busy", { params: encode(0) }).last();
    driver.start("Aborting");
    expect(await host.ended).toEqual(ABORTED);
    expect(ticking.losses).toEqual([]);
    const other = new Driver(await open());
    await other.start("Busy", { params: encode(10) }).last();
    const before = ticked.times;
    for (let i = 0; i < 10; i += 1) await other.start("Busy", { params: encode(1) }).last();
    expect(ticked.times).toBe(before);
  });

  test.skipIf(process.platform !== "linux")("and its process with the last of the others", async () => {
    const [host, neighbour] = [await open(), await open("neighbour")];
    const [old = ""] = children();
    new Driver(host).start("Aborting");
    await host.ended;
    const again = await open();
    expect(children()).toHaveLength(2);
    expect(await ask(neighbour, "/")).toBe("hello");
    await neighbour.close();
    while (children().includes(old)) await setImmediate();
    expect(await ask(again, "/")).toBe("hello");
  });
});

/** The processes of workerd that this one has. */
function children(): string[] {
  return readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim().split(" ").filter(isRunning);
}

function isRunning(pid: string): boolean {
  try {
    return /^\d+ \(workerd\) [^Z]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
