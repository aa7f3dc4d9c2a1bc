/** What stock wrangler can do to a server's workflows, whichever way in it takes: through the REST API, or through its own local one. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Wrangler } from "./clients.ts";
import { PROJECT } from "./clients-project.ts";
import { makeProject, startServer, type Project, type Server } from "./server.ts";

/** Milliseconds for a test that runs wrangler a few times. */
export const TIMEOUT = 60_000;

/** A server of `clients-project.ts` for the tests of a file, once they run. */
export function clientsServer(): () => Server {
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
  return () => server;
}

/** Resolves when an instance has had an event of this type. */
export async function happens(server: Server, workflow: string, id: string, type: string): Promise<void> {
  const url = `${server.url}/client/v4/accounts/local/workflows/${workflow}/instances/${id}/subscribe?filter=${type}`;
  const response = await fetch(url, { headers: { accept: "text/event-stream" } });
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
}

/** The tests of a way in, on a server of `clients-project.ts`. */
export function wranglerCommands(started: () => Server, open: () => Promise<Wrangler>): void {
  let server: Server;
  let wrangler: Wrangler;

  beforeAll(async () => {
    server = started();
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
    const id = `it-every`;
    expect(await ok("trigger", "every", '{"a":1}', "--id", id)).toContain(id);
    await happens(server, "every", id, "wait_started");
    await ok("instances", "send-event", "every", id, "--type", "answer", "--payload", '{"yes":true}');
    await happens(server, "every", id, "workflow_completed");
    const [text, described] = await Promise.all([
      ok("instances", "describe", "every", id),
      json("instances", "describe", "every", id),
    ]);
    for (const shown of ["long-1", "flaky-1", "nap-1", "answer-1", "first time", "Completed"]) expect(text).toContain(shown);
    expect(described).toMatchObject({ status: "complete", params: { a: 1 } });
  });

  test("describes a step that waits for its next attempt, with a delay that is computed", { timeout: TIMEOUT }, async () => {
    const id = `it-dynamic`;
    await ok("trigger", "dynamic", "--id", id);
    await happens(server, "dynamic", id, "attempt_errored");
    const text = await ok("instances", "describe", "dynamic", id);
    expect(text).toContain("later-1");
    expect(text).toContain("not yet");
  });

  test("pauses, resumes, restarts and terminates", { timeout: TIMEOUT }, async () => {
    const id = `it-sleeper`;
    await ok("trigger", "sleeper", "--id", id);
    await happens(server, "sleeper", id, "workflow_waiting");
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
    const id = `it-undone`;
    await ok("trigger", "undone", "--id", id);
    await happens(server, "undone", id, "workflow_waiting");
    const refused = await wrangler("instances", "restart", "undone", id, "--from-step-name", "missing");
    expect(refused.code).not.toBe(0);
    await ok("instances", "restart", "undone", id, "--from-step-name", "charge", "--from-step-count", "1");
    await ok("instances", "terminate", "undone", id, "--rollback");
    await happens(server, "undone", id, "workflow_terminated");
    const { result } = await server.call("GET", `/workflows/undone/instances/${id}`);
    expect(result).toMatchObject({ status: "terminated", rollback: { outcome: "complete", error: null } });
    expect(await ok("instances", "describe", "undone", id)).toContain("Terminated");
  });

  test("lists instances, by status and page by page", { timeout: TIMEOUT }, async () => {
    const ids = Array.from({ length: 5 }, (_, i) => `it-listed-${i}`);
    for (const id of ids) await server.call("POST", "/workflows/dynamic/instances", { instance_id: id });
    const list = async (...args: string[]): Promise<string[]> =>
      ((await json("instances", "list", "dynamic", ...args)) as { id: string }[]).map(({ id }) => id);
    const [third, done] = await Promise.all([list("--page", "3", "--per-page", "2"), list("--status", "complete")]);
    expect(third.length).toBeGreaterThan(0);
    expect(third).not.toContain(ids[4]);
    expect(done).toEqual([]);
  });

  test("deletes instances, and fails for one that is not there", { timeout: TIMEOUT }, async () => {
    const id = `it-deleted`;
    await server.call("POST", "/workflows/sleeper/instances", { instance_id: id });
    const { code, stdout, stderr } = await wrangler("instances", "delete", "sleeper", id, `it-missing`);
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain(`it-missing`);
    expect((await server.call("GET", `/workflows/sleeper/instances/${id}`)).status).toBe(404);
  });

  test("says plainly what is not there", { timeout: TIMEOUT }, async () => {
    const [workflow, instance] = await Promise.all([
      wrangler("describe", "missing"),
      wrangler("instances", "describe", "every", "missing"),
    ]);
    expect(workflow.code).not.toBe(0);
    expect(workflow.stdout + workflow.stderr).toMatch(/not.?found/i);
    expect(instance.code).not.toBe(0);
    expect(instance.stdout + instance.stderr).toMatch(/not.?found/i);
  });
}
