/** Stock wrangler against a server process, through the REST API. `wrangler-local.test.ts` has its local API. */
import { describe, expect, test } from "vitest";
import { openWrangler } from "../support/clients.ts";
import { makeProject, runCommand, startServer } from "../support/server.ts";
import { clientsServer, happens, TIMEOUT, wranglerCommands } from "../support/wrangler-commands.ts";

const server = clientsServer();

describe("over the REST API", () => {
  const remote = (): Record<string, string> => ({
    CLOUDFLARE_API_BASE_URL: `${server().url}/client/v4`,
    CLOUDFLARE_API_TOKEN: "any",
  });

  wranglerCommands(server, () => openWrangler({ ...remote(), CLOUDFLARE_ACCOUNT_ID: "local" }));

  test("the account is found without being named", { timeout: TIMEOUT }, async () => {
    const wrangler = await openWrangler(remote());
    expect(await wrangler("list", "--json")).toMatchObject({ code: 0 });
    await wrangler.close();
  });

  test("the latest instance is found, and its absence is an error", { timeout: TIMEOUT }, async () => {
    const wrangler = await openWrangler({ ...remote(), CLOUDFLARE_ACCOUNT_ID: "local" });
    expect((await wrangler("instances", "describe", "unused")).code).not.toBe(0);
    await server().call("POST", "/workflows/unused/instances", { instance_id: "newest" });
    const { stdout, code } = await wrangler("instances", "describe", "unused");
    expect(code).toBe(0);
    expect(stdout).toContain("newest");
    await wrangler.close();
  });

  test("all instances of a workflow are terminated, and the workflow deleted", { timeout: TIMEOUT }, async () => {
    const wrangler = await openWrangler({ ...remote(), CLOUDFLARE_ACCOUNT_ID: "local" });
    await server().call("PUT", "/workflows/doomed", { class_name: "Sleeper", script_name: "clients" });
    await server().call("POST", "/workflows/doomed/instances", { instance_id: "d" });
    expect(await wrangler("instances", "terminate-all", "doomed")).toMatchObject({ code: 0 });
    await happens(server(), "doomed", "d", "workflow_terminated");
    expect(await wrangler("delete", "doomed")).toMatchObject({ code: 0 });
    expect((await server().call("GET", "/workflows/doomed")).status).toBe(404);
    await wrangler.close();
  });
});

test("a server that wants tokens says so, and takes the right one", { timeout: TIMEOUT }, async () => {
  const data = await makeProject({});
  const serving = await startServer(["serve", "--data", data.folder, "--port", "0"]);
  const token = await serving.firstToken();
  const with_ = async (secret: string, ...command: readonly string[]): Promise<{ code: number; text: string }> => {
    const wrangler = await openWrangler({
      CLOUDFLARE_API_BASE_URL: `${serving.url}/client/v4`,
      CLOUDFLARE_API_TOKEN: secret,
      CLOUDFLARE_ACCOUNT_ID: "local",
    });
    const { code, stdout, stderr } = await wrangler(...(command.length === 0 ? ["list"] : command));
    await wrangler.close();
    return { code, text: stdout + stderr };
  };
  expect(await with_(token)).toMatchObject({ code: 0 });
  const refused = await with_("wrong");
  expect(refused.code).not.toBe(0);
  expect(refused.text).toContain("Invalid access token");
  expect(refused.text).not.toMatch(/\n\s+at /);
  const { stdout: viewer } = await runCommand(["token", "create", "--role", "viewer", "--data", data.folder]);
  expect(await with_(viewer.trim())).toMatchObject({ code: 0 });
  const tooLow = await with_(viewer.trim(), "delete", "anything");
  expect(tooLow.code).not.toBe(0);
  expect(tooLow.text).toContain("This request requires the role admin; your role is viewer");
  expect(tooLow.text).not.toMatch(/\n\s+at /);
  await serving.stop();
  await data.remove();
});
