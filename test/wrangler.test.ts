/** Stock wrangler against a server process: through the REST API, and through its own local API. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openWrangler, type Wrangler } from "./support/clients.ts";
import { PROJECT } from "./support/clients-project.ts";
import { makeProject, startServer, type Project, type Server } from "./support/server.ts";

let project: Project;
let server: Server;

beforeAll(async () => {
  project = await makeProject(PROJECT);
  server = await startServer(["dev", project.folder, "--port", "0", "--quiet"]);
});
afterAll(async () => {
  await server.stop();
  await project.remove();
});

const TIMEOUT = 60_000;

async function happens(workflow: string, id: string, type: string): Promise<void> {
  const url = `${server.url}/client/v4/accounts/local/workflows/${workflow}/instances/${id}/subscribe?filter=${type}`;
  const response = await fetch(url, { headers: { accept: "text/event-stream" } });
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
}

/** What both ways in have in common. Ids begin with `mark`, so that the two may share a server. */
function commands(mark: string, open: () => Promise<Wrangler>): void {
  let wrangler: Wrangler;

  beforeAll(async () => {
    wrangler = await open();
  });
  afterAll(() => wrangler.close());

  /** The output of a command that must succeed. */
  async function ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await wrangler(...args);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    return stdout;
  }
  const json = async (...args: string[]): Promise<unknown> => JSON.parse(await ok(...args, "--json")) as unknown;
  const statusOf = async (id: string, workflow = "sleeper"): Promise<string> =>
    ((await server.call("GET", `/workflows/${workflow}/instances/${id}`)).result as { status: string }).status;

  test("lists and describes workflows", { timeout: TIMEOUT }, async () => {
    const [listed, text, described] = await Promise.all([json("list"), ok("list"), ok("describe", "every")]);
    expect((listed as { name: string }[]).map(({ name }) => name).toSorted()).toEqual(
      expect.arrayContaining(["dynamic", "every", "sleeper"]),
    );
    expect(text).toContain("every");
    expect(described).toContain("Every");
  });

  test("triggers, sends an event, and describes every kind of step", { timeout: TIMEOUT }, async () => {
    const id = `${mark}-every`;
    expect(await ok("trigger", "every", '{"a":1}', "--id", id)).toContain(id);
    await happens("every", id, "wait_started");
    await ok("instances", "send-event", "every", id, "--type", "answer", "--payload", '{"yes":true}');
    await happens("every", id, "workflow_completed");
    const [text, described] = await Promise.all([
      ok("instances", "describe", "every", id),
      json("instances", "describe", "every", id),
    ]);
    for (const shown of ["long-1", "flaky-1", "nap-1", "answer-1", "first time", "Completed"]) expect(text).toContain(shown);
    expect(described).toMatchObject({ status: "complete", params: { a: 1 } });
  });

  test("describes a step that waits for its next attempt, with a delay that is computed", { timeout: TIMEOUT }, async () => {
    const id = `${mark}-dynamic`;
    await ok("trigger", "dynamic", "--id", id);
    await happens("dynamic", id, "attempt_errored");
    const text = await ok("instances", "describe", "dynamic", id);
    expect(text).toContain("later-1");
    expect(text).toContain("not yet");
  });

  test("pauses, resumes, restarts and terminates", { timeout: TIMEOUT }, async () => {
    const id = `${mark}-sleeper`;
    await ok("trigger", "sleeper", "--id", id);
    await happens("sleeper", id, "workflow_waiting");
    await ok("instances", "pause", "sleeper", id);
    expect(await statusOf(id)).toBe("paused");
    await ok("instances", "resume", "sleeper", id);
    expect(["queued", "running", "waiting"]).toContain(await statusOf(id));
    await ok("instances", "terminate", "sleeper", id);
    expect(await statusOf(id)).toBe("terminated");
    expect(await ok("instances", "describe", "sleeper", id)).toContain("Terminated");
    await ok("instances", "restart", "sleeper", id);
    expect(["queued", "running", "waiting"]).toContain(await statusOf(id));
  });

  test("restarts from a step, and terminates with rollback", { timeout: TIMEOUT }, async () => {
    const id = `${mark}-undone`;
    await ok("trigger", "undone", "--id", id);
    await happens("undone", id, "workflow_waiting");
    const refused = await wrangler("instances", "restart", "undone", id, "--from-step-name", "nobody");
    expect(refused.code).not.toBe(0);
    await ok("instances", "restart", "undone", id, "--from-step-name", "charge", "--from-step-count", "1");
    await ok("instances", "terminate", "undone", id, "--rollback");
    await happens("undone", id, "workflow_terminated");
    const { result } = await server.call("GET", `/workflows/undone/instances/${id}`);
    expect(result).toMatchObject({ status: "terminated", rollback: { outcome: "complete", error: null } });
    expect(await ok("instances", "describe", "undone", id)).toContain("Terminated");
  });

  test("lists instances, by status and page by page", { timeout: TIMEOUT }, async () => {
    const ids = Array.from({ length: 5 }, (_, i) => `${mark}-listed-${i}`);
    for (const id of ids) await server.call("POST", "/workflows/dynamic/instances", { instance_id: id });
    const list = async (...args: string[]): Promise<string[]> =>
      ((await json("instances", "list", "dynamic", ...args)) as { id: string }[]).map(({ id }) => id);
    const [third, done] = await Promise.all([list("--page", "3", "--per-page", "2"), list("--status", "complete")]);
    expect(third.length).toBeGreaterThan(0);
    expect(third).not.toContain(ids[4]);
    expect(done).toEqual([]);
  });

  test("deletes instances, and fails for one that is not there", { timeout: TIMEOUT }, async () => {
    const id = `${mark}-deleted`;
    await server.call("POST", "/workflows/sleeper/instances", { instance_id: id });
    const { code, stdout, stderr } = await wrangler("instances", "delete", "sleeper", id, `${mark}-nobody`);
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain(`${mark}-nobody`);
    expect((await server.call("GET", `/workflows/sleeper/instances/${id}`)).status).toBe(404);
  });

  test("says plainly what is not there", { timeout: TIMEOUT }, async () => {
    const [workflow, instance] = await Promise.all([
      wrangler("describe", "nobody"),
      wrangler("instances", "describe", "every", "nobody"),
    ]);
    expect(workflow.code).not.toBe(0);
    expect(workflow.stdout + workflow.stderr).toMatch(/not.?found/i);
    expect(instance.code).not.toBe(0);
    expect(instance.stdout + instance.stderr).toMatch(/not.?found/i);
  });
}

describe("over the REST API", () => {
  const remote = (): Record<string, string> => ({
    CLOUDFLARE_API_BASE_URL: `${server.url}/client/v4`,
    CLOUDFLARE_API_TOKEN: "any",
  });

  commands("remote", () => openWrangler({ ...remote(), CLOUDFLARE_ACCOUNT_ID: "local" }));

  test("the account is found without being named", { timeout: TIMEOUT }, async () => {
    const wrangler = await openWrangler(remote());
    expect(await wrangler("list", "--json")).toMatchObject({ code: 0 });
    await wrangler.close();
  });

  test("the latest instance is found, and told when there is none", { timeout: TIMEOUT }, async () => {
    const wrangler = await openWrangler({ ...remote(), CLOUDFLARE_ACCOUNT_ID: "local" });
    expect((await wrangler("instances", "describe", "unused")).code).not.toBe(0);
    await server.call("POST", "/workflows/unused/instances", { instance_id: "newest" });
    const { stdout, code } = await wrangler("instances", "describe", "unused");
    expect(code).toBe(0);
    expect(stdout).toContain("newest");
    await wrangler.close();
  });

  test("all instances of a workflow are terminated, and the workflow deleted", { timeout: TIMEOUT }, async () => {
    const wrangler = await openWrangler({ ...remote(), CLOUDFLARE_ACCOUNT_ID: "local" });
    await server.call("PUT", "/workflows/doomed", { class_name: "Sleeper", script_name: "clients" });
    await server.call("POST", "/workflows/doomed/instances", { instance_id: "d" });
    expect(await wrangler("instances", "terminate-all", "doomed")).toMatchObject({ code: 0 });
    await happens("doomed", "d", "workflow_terminated");
    expect(await wrangler("delete", "doomed")).toMatchObject({ code: 0 });
    expect((await server.call("GET", "/workflows/doomed")).status).toBe(404);
    await wrangler.close();
  });
});

describe("over its local API", () => {
  commands("local", () => openWrangler({}, "--local", "--port", new URL(server.url).port));
});

test("a server that wants tokens says so, and takes the right one", { timeout: TIMEOUT }, async () => {
  const data = await makeProject({});
  const serving = await startServer(["serve", "--data", data.folder, "--port", "0"]);
  const token = /sw_[\w-]+/.exec(serving.output())?.[0] ?? "";
  const with_ = async (secret: string): Promise<{ code: number; text: string }> => {
    const wrangler = await openWrangler({
      CLOUDFLARE_API_BASE_URL: `${serving.url}/client/v4`,
      CLOUDFLARE_API_TOKEN: secret,
      CLOUDFLARE_ACCOUNT_ID: "local",
    });
    const { code, stdout, stderr } = await wrangler("list");
    await wrangler.close();
    return { code, text: stdout + stderr };
  };
  expect(await with_(token)).toMatchObject({ code: 0 });
  const refused = await with_("wrong");
  expect(refused.code).not.toBe(0);
  expect(refused.text).toContain("Invalid access token");
  expect(refused.text).not.toMatch(/\n\s+at /);
  await serving.stop();
  await data.remove();
});
