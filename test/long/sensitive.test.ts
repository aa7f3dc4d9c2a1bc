/**
 * Only the code of its instance sees the output of a sensitive step. A step returns a secret, the server is killed and started
 * again, and then the secret is searched for: in the answer of every route, in the streams of events, in the output of the
 * server, and in every byte of its data directory.
 */
import { createHash } from "node:crypto";
import { globSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ENDPOINTS } from "../../src/api/cloudflare/rest.ts";
import { openStepwell, type Log, type Stepwell } from "../../src/index.ts";
import type { WorkflowStep } from "../../src/runtime/steps/step-types.ts";
import { makeProject, runCommand, startServer, type Project, type Server } from "../support/server.ts";

/** Not written in one piece in the Worker, whose code is stored and printed as it is. */
const SECRET = "planted-kumquat-4711";
const DIGEST = createHash("sha256").update(SECRET).digest("hex");

const FILES = {
  "wrangler.json": JSON.stringify({
    name: "bank",
    main: "index.js",
    compatibility_date: "2026-11-01",
    workflows: [{ name: "ledger", binding: "LEDGER", class_name: "Ledger" }],
  }),
  "index.js": `
import { WorkflowEntrypoint } from "cloudflare:workers";
const secret = () => ["planted-kum", "quat-4711"].join("");
const digest = async (text) => {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
};
const sensitive = { sensitive: "output", retries: { limit: 2, delay: 1, backoff: "constant" } };
export class Ledger extends WorkflowEntrypoint {
  async run(event, step) {
    const text = await step.do("text", sensitive, secret);
    const map = await step.do("map", sensitive, () => new Map([["key", secret()]]));
    const late = await step.do("late", sensitive, ({ attempt }) => {
      if (attempt === 1) throw new Error("not yet");
      return { secret: secret() };
    });
    await step.do("function", sensitive, () => new Map([[secret(), () => 1]])).catch(() => {});
    const large = await step.do("large", sensitive, () => secret().repeat(1000));
    await step.waitForEvent("answer", { type: "answer" });
    const same = [text, map.get("key"), late.secret, large.slice(0, text.length)].every((each) => each === secret());
    return { same, digest: await digest(text) };
  }
}
export default {
  async fetch(request, env) {
    return Response.json(await (await env.LEDGER.get("one")).status());
  },
};
`,
};

const INSTANCE = "/workflows/ledger/instances/one";

describe("a planted secret", () => {
  let project: Project;
  let server: Server;
  let printed = "";
  const start = (): Promise<Server> => startServer(["dev", project.folder, "--port", "0", "--verbose"]);

  const status = async (): Promise<string> => (await server.call("GET", INSTANCE)).result["status"];
  const events = async (query: string): Promise<string> => {
    const path = `/client/v4/accounts/local${INSTANCE}/subscribe${query}`;
    return (await fetch(server.url + path, { headers: { accept: "text/event-stream" } })).text();
  };

  beforeAll(async () => {
    project = await makeProject(FILES);
    server = await start();
    await server.call("POST", "/workflows/ledger/instances", { instance_id: "one" });
    while ((await status()) !== "waiting") await new Promise((resolve) => setImmediate(resolve));
    printed = server.output();
    await server.kill();
    server = await start();
    await server.call("POST", `${INSTANCE}/events/answer`, {});
    await events("");
  });
  afterAll(async () => {
    await server.kill();
    await project.remove();
  });

  test("comes back whole to the code that made it, after a crash", async () => {
    const { result } = await server.call("GET", INSTANCE);
    expect(JSON.parse(result["output"])).toEqual({ same: true, digest: DIGEST });
  });

  test("is in the answer of no route", async () => {
    const values: Record<string, string> = { account_id: "local", workflow_name: "ledger", instance_id: "one" };
    values["version_id"] = (await server.call("GET", "/workflows/ledger/versions")).result[0]["id"];
    const reads = ENDPOINTS.filter(({ method }) => method === "get");
    const rest = reads.map(({ path }) => `/client/v4${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? name)}`);
    const step = `/client/v4/accounts/local${INSTANCE}/step`;
    const steps = ["text", "map", "late", "function", "large"].flatMap((name) => [
      `${step}?name=${name}-1&type=step`,
      `${step}?name=${name}-1&type=step&attempt=1`,
      `${step}?name=late-1&type=step&attempt=2`,
    ]);
    const local = ["", "/ledger", "/ledger/instances", "/ledger/instances/one"].map(
      (path) => `/cdn-cgi/local/explorer/api/workflows${path}`,
    );
    for (const path of [...rest, ...steps, ...local, "/workers/bank/"]) {
      const text = await (await fetch(server.url + path)).text();
      expect(`${path} ${text}`).not.toContain("kumquat");
    }
    expect(rest.length).toBeGreaterThan(5);
  });

  test("is replaced where it would be shown", async () => {
    const { result } = await server.call("GET", INSTANCE);
    const shown = Object.fromEntries((result["steps"] as { name: string; output: unknown }[]).map((s) => [s.name, s.output]));
    const redacted = "[REDACTED]";
    expect(shown).toMatchObject({ "text-1": redacted, "map-1": redacted, "late-1": redacted, "large-1": redacted });
    const full = await server.call("GET", `${INSTANCE}/step?name=text-1&type=step`);
    expect(full.result).toMatchObject({ status: "complete", output: redacted });
  });

  test("is in no stream of events, wherever it begins", async () => {
    for (const query of ["", "?cursor=8", "?filter=step_completed", "?filter=attempt_errored"])
      expect(await events(query)).not.toContain("kumquat");
    expect(await events("?filter=step_completed")).toContain('"output":"[REDACTED]"');
  });

  test("is in nothing that was printed", () => {
    expect(printed + server.output()).not.toContain("kumquat");
  });

  test("is in no byte of the data directory", async () => {
    const forms = [SECRET, ...(["base64", "hex", "utf16le"] as const).map((form) => Buffer.from(SECRET).toString(form))];
    const data = join(project.folder, ".stepwell");
    const look = (): void => {
      const files = globSync("**/*", { cwd: data }).filter((file) => statSync(join(data, file)).isFile());
      expect(files).toEqual(expect.arrayContaining(["stepwell.db", "stepwell.key"]));
      for (const file of files) {
        const bytes = readFileSync(join(data, file));
        expect([file, [...forms, "kumquat"].filter((form) => bytes.includes(form))]).toEqual([file, []]);
      }
    };
    look();
    expect(await server.stop()).toBe(0);
    // What was in the write-ahead log has been folded into the database.
    look();
  });

  test("an invalid key is reported at the start, in one line that does not show it", async () => {
    const bad = await runCommand(["serve", "--data", join(project.folder, "other"), "--port", "0"], undefined, {
      STEPWELL_KEY: "hunter2",
    });
    expect(bad.code).not.toBe(0);
    expect(bad.stderr).toMatch(/^.*STEPWELL_KEY: Key number 1 is not 32 bytes in base64 or hex.*\n$/);
    expect(bad.stderr).not.toContain("hunter2");
  });
});

describe("keys change", () => {
  const OLD = "11".repeat(32);
  const NEW = "22".repeat(32);
  let file: string;
  let open: Stepwell | undefined;
  const lines: string[] = [];
  const say = (message: string, fields?: object): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: say, info: say, warn: say, error: say };

  class Secretive {
    async run(_: unknown, step: WorkflowStep): Promise<unknown> {
      const first = await step.do("first", { sensitive: "output" }, () => SECRET.repeat(20_000));
      await step.waitForEvent("go", { type: "go" });
      const second = await step.do("second", { sensitive: "output" }, () => SECRET);
      await step.waitForEvent("on", { type: "on" });
      return (first + second).length;
    }
  }
  class Plain {
    async run(_: unknown, step: WorkflowStep): Promise<unknown> {
      await step.waitForEvent("on", { type: "on" });
      return "done";
    }
  }

  const reopen = async (...keys: readonly string[]): Promise<Stepwell> => {
    await open?.close();
    open = await openStepwell({ file, workflows: { secretive: Secretive, plain: Plain }, keys, log });
    return open;
  };
  const reaches = async (workflow: string, status: string): Promise<unknown> => {
    const instance = await open?.workflow(workflow).get("one");
    for (;;) {
      const report = await instance?.status();
      if (report?.status === status) return report.output;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const send = async (workflow: string, type: string): Promise<void> =>
    (await open?.workflow(workflow).get("one"))?.sendEvent({ type });

  beforeEach(async () => {
    file = join(await mkdtemp(join(tmpdir(), "stepwell-keys-")), "data.db");
    lines.length = 0;
    const stepwell = await reopen(OLD);
    for (const name of ["secretive", "plain"]) await stepwell.workflow(name).create({ id: "one" });
    await reaches("secretive", "waiting");
  });
  afterEach(async () => {
    await open?.close();
    open = undefined;
    await rm(join(file, ".."), { recursive: true });
  });

  test("values sealed with an old key are opened while that key is configured", async () => {
    await reopen(NEW, OLD);
    await send("secretive", "go");
    await send("secretive", "on");
    expect(await reaches("secretive", "complete")).toBe(SECRET.length * 20_001);
  });

  test("without it the instance is paused, the log names the key, others go on; with it again nothing is lost", async () => {
    await reopen(NEW);
    await send("plain", "on");
    await send("secretive", "go");
    await reaches("secretive", "paused");
    expect(await reaches("plain", "complete")).toBe("done");
    const missing = lines.filter((line) => line.includes("vault.key_missing"));
    expect(missing).toHaveLength(1);
    expect(missing[0]).toMatch(/The key [0-9a-f]{8}, which encrypted this output, is missing.*"instance":"one"/);
    await reopen(NEW, OLD);
    await (await open?.workflow("secretive").get("one"))?.resume();
    await send("secretive", "on");
    expect(await reaches("secretive", "complete")).toBe(SECRET.length * 20_001);
  });

  test("the same when the key is missed only in the middle of a replay", async () => {
    await reopen(NEW, OLD);
    await send("secretive", "go");
    await reaches("secretive", "waiting");
    await reopen(OLD);
    await send("secretive", "on");
    await reaches("secretive", "paused");
    await reopen(OLD, NEW);
    await (await open?.workflow("secretive").get("one"))?.resume();
    expect(await reaches("secretive", "complete")).toBe(SECRET.length * 20_001);
    expect(lines.join("\n")).not.toContain("kumquat");
  });

  test("an output that was moved to another instance is not believed: that instance fails", async () => {
    await open?.workflow("secretive").create({ id: "two" });
    const other = await open?.workflow("secretive").get("two");
    while ((await other?.status())?.status !== "waiting") await new Promise((resolve) => setImmediate(resolve));
    await open?.close();
    const db = new DatabaseSync(file);
    const sealed = db.prepare("SELECT id, events FROM journal WHERE events LIKE '%~%'").all() as { id: number; events: string }[];
    const [one, two] = sealed;
    expect(sealed).toHaveLength(2);
    db.prepare("UPDATE journal SET events = ? WHERE id = ?").run(two?.events ?? "", one?.id ?? 0);
    db.close();
    await reopen(OLD);
    await send("secretive", "go");
    await reaches("secretive", "errored");
    expect((await (await open?.workflow("secretive").get("one"))?.status())?.error).toEqual({
      name: "WorkflowInternalError",
      message: 'The stored output of step "do 1 first" is damaged or has been moved',
    });
  });
});
