/** What a script finds in its context besides its bindings: work after the answer, and the way to its own entrypoints. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { encode } from "../../../model/values/value.ts";
import type { Executor, Host } from "../../../ports/executor.ts";
import { Driver } from "../../../../test/contracts/executor/driver.ts";
import { contractVersion } from "../../../../test/contracts/executor/script.ts";
import { workerdExecutor } from "../executor.ts";

const CODE = `
import { WorkerEntrypoint, WorkflowEntrypoint } from "cloudflare:workers";
let after = "nothing";
let go = false;
export class Greeter extends WorkerEntrypoint {
  greet(name) { return "hello " + name; }
}
export class Flow extends WorkflowEntrypoint {
  async run(event, step) {
    const own = await this.ctx.exports.Greeter.greet("run");
    return step.do("ask", async () => [own, await this.ctx.exports.Greeter.greet("step")]);
  }
}
export default {
  async fetch(request, env, ctx) {
    ctx.passThroughOnException();
    switch (new URL(request.url).pathname) {
      case "/later":
        ctx.waitUntil((async () => {
          while (!go) await scheduler.wait(1);
          after = await ctx.exports.Greeter.greet("later");
        })());
        return new Response("at once");
      case "/go":
        go = true;
        return new Response(after);
      case "/cf":
        return Response.json(request.cf ?? null);
      default:
        return new Response(await ctx.exports.Greeter.greet("request"));
    }
  },
};`;

let executor: Executor;
let host: Host;
beforeAll(async () => {
  executor = workerdExecutor({ onLog: () => {}, requestCf: { country: "XX", tls: { a: '"ß\\n' } } });
  host = await executor.open(contractVersion(CODE), () => Promise.reject(new Error("No bindings")));
});
afterAll(() => executor.close());

const ask = async (path: string): Promise<string> => (await host.fetch(new Request(`http://contract.test${path}`))).text();

test("what is left to waitUntil goes on after the answer", async () => {
  expect(await ask("/later")).toBe("at once");
  while ((await ask("/go")) !== "hello later");
});

test("ctx.exports leads to the script's own entrypoints, also in a run and in its steps", async () => {
  expect(await ask("/")).toBe("hello request");
  const driver = new Driver(host);
  expect(await driver.start("Flow").last()).toMatchObject({ output: encode(["hello run", "hello step"]) });
});

test("request.cf has what the executor is given, and the encodings that the client takes", async () => {
  const given = { country: "XX", tls: { a: '"ß\\n' } };
  expect(JSON.parse(await ask("/cf"))).toEqual({ ...given, clientAcceptEncoding: "" });
  const headers = { "accept-encoding": "br;q=1.0, gzip" };
  const long = { method: "POST", body: new Blob(["x".repeat(100_000)]).stream(), duplex: "half" } as const;
  const response = await host.fetch(new Request("http://contract.test/cf", { ...long, headers }));
  expect(await response.json()).toEqual({ ...given, clientAcceptEncoding: "br;q=1.0, gzip" });
});
