/** What Cloudflare keeps of the values that steps return, and takes of their sizes and flags, with unmodified Workers in workerd. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeProject, startServer, type Project, type Server } from "./support/server.ts";

const WORKER = `
import { WorkflowEntrypoint } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";
const sizes = {
  bytes790k: () => new Uint8Array(790_000), bytes1000k: () => new Uint8Array(1_000_000),
  lines600k: () => "\\n".repeat(600_000), han360k: () => "漢".repeat(360_000), over: () => new Uint8Array(1_100_000),
};
class HeadResult { constructor() { this.secret = "kumquat"; } }
const WORK = {
  async sizes(step) {
    const out = {};
    for (const [kind, make] of Object.entries(sizes))
      out[kind] = await step.do(kind, { retries: { limit: 0, delay: 1 } }, async () => make()).then((x) => x.byteLength ?? x.length, (e) => e.message);
    return out;
  },
  async properties(step) {
    const match = await step.do("match", async () => "xabc".match(/b/));
    const list = await step.do("list", async () => Object.assign([1, 2], { total: 7 }));
    const proto = await step.do("proto", async () => JSON.parse('{"__proto__": {"a": 1}, "b": 2}'));
    // So that all of it is read back from its journal.
    await step.sleep("a while", 1);
    return { index: match.index, input: match.input, total: list.total, own: Object.hasOwn(proto, "__proto__"), b: proto.b, a: proto.a ?? null };
  },
  async refused(step) {
    const messages = [];
    for (const config of [{}, { sensitive: "output" }])
      await step.do("head", config, async () => ({ list: [{ head: new HeadResult() }] })).catch((e) => messages.push(e.message));
    return messages;
  },
  async unreachable(step) {
    return step.do("ask", { retries: { limit: 0, delay: 1 } }, async () => (await fetch("http://no-such-host.invalid/")).status).catch((e) => e.message);
  },
  async nonRetryable(step) { await step.do("boom", async () => { throw new NonRetryableError("the reason"); }); },
};
export class Main extends WorkflowEntrypoint {
  run({ payload }, step) { return WORK[payload](step); }
}
export default {
  async fetch(request, env) {
    const instance = await env.WF.create({ params: new URL(request.url).pathname.split("/").at(-1) });
    for (;;) {
      const status = await instance.status();
      if (["complete", "errored"].includes(status.status)) return Response.json({ id: instance.id, ...status });
      await scheduler.wait(20);
    }
  },
};
`;

const config = (name: string, flags: readonly string[]): string =>
  JSON.stringify({
    name,
    main: "index.js",
    compatibility_date: "2026-11-01",
    compatibility_flags: flags,
    workflows: [{ binding: "WF", name, class_name: "Main" }],
  });

let project: Project;
let server: Server;

beforeAll(async () => {
  const flags = ["workflows_replace_non_retryable_error_message", "workflows_step_rollback"];
  project = await makeProject({ "wrangler.jsonc": config("values", flags), "index.js": WORKER });
  server = await startServer(["dev", project.folder, "--port", "0"]);
});
afterAll(async () => {
  await server.kill();
  await project.remove();
});

async function done(work: string): Promise<unknown> {
  return (await fetch(`${server.url}/workers/values/${work}`)).json();
}

test("a step may return what is 1 MiB as a value, however it is written", async () => {
  const output = {
    bytes790k: 790_000,
    bytes1000k: 1_000_000,
    lines600k: 600_000,
    han360k: 360_000,
    over: "WorkflowInternalError: Step over-1 output is too large. Maximum allowed size is 1MiB.",
  };
  expect(await done("sizes")).toMatchObject({ status: "complete", output });
});

test("properties of arrays and own keys `__proto__` come back", async () => {
  const output = { index: 2, input: "xabc", total: 7, own: true, b: 2, a: null };
  expect(await done("properties")).toMatchObject({ status: "complete", output });
});

test("a value that cannot be stored is named by class and path, in sensitive steps too, without its contents", async () => {
  const message = (count: number): string =>
    `WorkflowFatalError: Step "head-${count}" returned a value which is not serialisable: Could not serialize object of type "HeadResult" at list[0].head`;
  expect(await done("refused")).toMatchObject({ status: "complete", output: [message(1), message(2)] });
});

test("a NonRetryableError is replaced where the Worker's flag asks for it, whatever its date", async () => {
  const message =
    "The execution of the Workflow instance was terminated, as a step threw an NonRetryableError and it was not handled";
  expect(await done("nonRetryable")).toMatchObject({ status: "errored", error: { name: "WorkflowFatalError", message } });
});

test("a step that cannot reach a host says why, to its code and in its log", async () => {
  const { id, output } = (await done("unreachable")) as { id: string; output: string };
  expect(output).toMatch(/^The host name no-such-host\.invalid could not be resolved: /);
  const { result } = await server.call("GET", `/workflows/values/instances/${id}`);
  expect(result).toMatchObject({ steps: [{ attempts: [{ error: { message: output } }] }] });
});
