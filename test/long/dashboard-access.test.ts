/** Who may see and do what, in a real browser: each role by password and by token, and what the audit log says of it afterwards. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hearComplaints, openBrowser, seriousViolations, type Browser, type Page } from "../support/browser.ts";
import { makeProject, runCommand, startServer, type Project, type Server } from "../support/server.ts";

const SECRET = "card-4111";

const WORKER = `
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Approval extends WorkflowEntrypoint {
  async run(event, step) {
    const draft = await step.do("write draft", async () => ({ paid: "${SECRET}" }));
    await step.waitForEvent("await approval", { type: "approve", timeout: "1 hour" });
    return draft;
  }
}
const PAGE = \`<!doctype html><title>trying</title><script>(async () => {
  const tried = async (work) => { try { return String(await work()); } catch (error) { return error.name; } };
  const headers = { "x-stepwell-dashboard": "1", "content-type": "text/plain" };
  const token = (label) => ({ method: "POST", headers, body: JSON.stringify({ label, role: "admin" }) });
  const said = {
    origin: self.origin,
    cookie: await tried(() => document.cookie),
    token: await tried(async () => (await fetch("/api/v1/tokens", token("stolen"))).status),
    blind: await tried(async () => (await fetch("/api/v1/tokens", { ...token("blind"), headers: {}, mode: "no-cors" })).type),
    session: await tried(async () => (await fetch("/api/v1/session")).text()),
    worker: await tried(() => navigator.serviceWorker.register("/workers/press/worker.js", { scope: "/" })),
    socket: await tried(() => new Promise((resolve) => {
      const socket = new WebSocket(location.href.replace(/^http(.*)workers.*/, "ws$1client/v4/accounts/local/workflows/approval/subscribe"));
      socket.onopen = () => resolve("open");
      socket.onerror = () => resolve("refused");
    })),
  };
  document.title = JSON.stringify(said);
})()</script>\`;
export default {
  fetch: (request) => new Response(PAGE, {
    headers: {
      "content-type": "text/html",
      "content-security-policy": "sandbox allow-same-origin allow-scripts",
      "set-cookie": "stepwell_session=" + "x".repeat(43) + "; Path=/",
      "clear-site-data": '"cookies"',
      "x-cookie": String(request.headers.get("cookie")),
    },
  }),
};
`;

const CONFIG = `name = "press"\nmain = "index.js"\n[[workflows]]\nname = "approval"\nbinding = "A"\nclass_name = "Approval"\n`;

const PASSWORD = "correct horse";

let project: Project;
let data: string;
let server: Server;
let browser: Browser;
let page: Page;
let token: string;
const complaints: string[] = [];

async function openPage(): Promise<Page> {
  const opened = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  hearComplaints(opened, complaints, /status of 40[03]|response code: 403|from origin 'null'|ERR_FAILED|NotSameOrigin/);
  return opened;
}

async function logIn(name: string, password = PASSWORD): Promise<void> {
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  if ((await page.getByLabel("Token").count()) > 0) await page.getByRole("button", { name: "Use a name instead" }).click();
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

async function logOut(): Promise<void> {
  await page.getByRole("button", { name: "Log out" }).click();
}

const INSTANCE = "/workflows/approval/instances/first?step=write%20draft-1";

beforeAll(async () => {
  project = await makeProject({ "wrangler.toml": CONFIG, "index.js": WORKER });
  data = join(project.folder, "data");
  const deploying = await startServer(["dev", project.folder, "--data", data, "--port", "0", "--quiet"]);
  await deploying.call("POST", "/workflows/approval/instances", { instance_id: "first", params: { who: SECRET } });
  await deploying.stop();
  server = await startServer(["serve", "--data", data, "--port", "0", "--quiet"]);
  token = await server.firstToken();
  for (const role of ["observer", "viewer", "operator"])
    await runCommand(["user", "create", `the-${role}`, "--role", role, "--data", data], undefined, {}, PASSWORD);
  browser = await openBrowser();
  page = await openPage();
});
afterAll(async () => {
  await browser.close();
  await server.kill();
  await project.remove();
});

test("an admin logs in with a token, adds a user, makes a token and sets retention", async () => {
  await page.goto(server.url);
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("· admin").waitFor();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.waitForURL(/\/settings\/access$/);
  await page.getByRole("button", { name: "Add user" }).click();
  await page.getByLabel("Name").fill("ada");
  await page.getByLabel("Password").fill("short");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("radio", { name: /admin/ }).check();
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("button", { name: "Change ada" }).waitFor();

  await page.getByRole("button", { name: "New token" }).click();
  await page.getByLabel("Label").fill("laptop");
  await page.getByRole("button", { name: "Create token" }).click();
  await page.getByText(/^sw_[\w-]{43}$/).waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Revoke laptop" }).waitFor();
  expect(await page.getByText(/sw_/).count()).toBe(0);

  await page.getByRole("link", { name: "Retention & concurrency" }).click();
  await page.getByLabel("Completed").fill("soon");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Completed").fill("2 days");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("alert").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Change approval" }).click();
  await page.getByLabel("Running at once").fill("7");
  await page.getByRole("button", { name: "Save as a new version" }).click();
  await page.getByRole("cell", { name: "7", exact: true }).waitFor();

  const headers = { authorization: `Bearer ${token}` };
  const settings = await fetch(`${server.url}/client/v4/accounts/local/workflows/settings`, { headers });
  expect(await settings.json()).toMatchObject({ result: { default_retention: { success_retention: 2 * 86_400_000 } } });
});

test("a Worker's page can do nothing with the session of the admin who looks at it", async () => {
  await page.goto(`${server.url}/workers/press/`);
  await page.waitForFunction(`document.title.startsWith("{")`);
  const said = JSON.parse(await page.evaluate<string>("document.title")) as Record<string, string>;
  expect(said).toEqual({
    origin: "null",
    cookie: "SecurityError",
    token: "TypeError",
    blind: "TypeError",
    session: "TypeError",
    worker: expect.stringMatching(/Error$/) as string,
    socket: "refused",
  });
  const headers = { authorization: `Bearer ${token}` };
  const tokens = (await (await fetch(`${server.url}/api/v1/tokens`, { headers })).json()) as { result: { label: string }[] };
  expect(tokens.result.map(({ label }) => label).toSorted()).toEqual(["first", "laptop"]);
  await page.goto(`${server.url}/settings/access`);
  await page.getByText("· admin").waitFor();
});

test("an observer sees what happened, and neither payloads nor ways to change anything", async () => {
  await logOut();
  await logIn("the-observer", "a wrong one");
  await page
    .getByRole("alert")
    .getByText(/name or the password is wrong/)
    .waitFor();
  await logIn("the-observer");
  await page.getByText("· observer").waitFor();
  await page.goto(server.url + INSTANCE);
  const params = page.getByRole("region", { name: "Params" });
  await params.getByText("Hidden for your role").waitFor();
  await page.getByRole("complementary", { name: "Details of write draft-1" }).getByText("Hidden for your role").waitFor();
  await page
    .getByRole("region", { name: "Why this instance is waiting" })
    .getByText("This request requires the role operator; your role is observer")
    .waitFor();
  expect(await page.locator("button[disabled]").count()).toBeGreaterThan(4);
  expect(await page.evaluate("document.body.innerText")).not.toContain(SECRET);
  // The server knows nothing of disabled buttons.
  const asked = `fetch("/client/v4/accounts/local/workflows/approval/instances/first/status",
    { method: "PATCH", body: '{"status":"terminate"}', headers: { "x-stepwell-dashboard": "1" } }).then(({ status }) => status)`;
  expect(await page.evaluate(asked)).toBe(403);
  await page.goto(`${server.url}/settings/audit`);
  await page.getByRole("alert").getByText("This request requires the role admin; your role is observer").waitFor();
});

test("a viewer sees payloads, and changes nothing", async () => {
  await logOut();
  await logIn("the-viewer");
  await page.getByText("· viewer").waitFor();
  await page.goto(server.url + INSTANCE);
  await page.getByRole("region", { name: "Params" }).getByText(SECRET).waitFor();
  expect(await page.locator("button[disabled]").count()).toBeGreaterThan(4);
  await page.goto(`${server.url}/workflows/approval`);
  await page.locator('a[aria-disabled="true"]').waitFor();
});

test("an operator acts on instances, and can't read tokens", async () => {
  await logOut();
  await logIn("the-operator");
  await page.getByText("· operator").waitFor();
  await page.goto(server.url + INSTANCE);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("status").getByText("Paused").waitFor();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("region", { name: "Tokens" }).getByRole("alert").waitFor();
  await page
    .getByRole("region", { name: "Tokens" })
    .getByText("This request requires the role admin; your role is operator")
    .first()
    .waitFor();
});

test("a new role logs the user out", async () => {
  expect(await runCommand(["user", "role", "the-operator", "--role", "viewer", "--data", data])).toMatchObject({ code: 0 });
  await page.goto(server.url);
  await page.getByRole("heading", { name: "Log in" }).waitFor();
});

test("the audit log tells all of it, and is filtered by its address", async () => {
  await logIn("ada");
  await page.getByText("· admin").waitFor();
  await page.goto(`${server.url}/settings/audit?action=instances`);
  const table = page.getByRole("table", { name: "Audit log" });
  await table.getByText("workflows.instances.pause").waitFor();
  await table.getByText("workflows.instances.status.change").waitFor();
  expect(await table.getByText("session.create").count()).toBe(0);
  await page.getByLabel("Action").fill("");
  await table.getByText("users.change").waitFor();
  await page.getByLabel("Who").fill("the-obs");
  await page.waitForURL(/who=the-obs/);
  await table.getByText("users.change").waitFor({ state: "hidden" });
  await table.getByText("session.create").first().waitFor();
  await table.getByText(/403/).first().waitFor();
  expect(await page.evaluate("document.body.innerText")).not.toContain(SECRET);
});

test.each(["light", "dark"] as const)("nothing serious keeps anybody out, in the %s theme, on any width", async (colorScheme) => {
  await page.emulateMedia({ colorScheme });
  for (const path of ["access", "policies", "limits", "audit"]) {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(`${server.url}/settings/${path}`);
    await page.getByRole("table").first().waitFor();
    expect([path, ...(await seriousViolations(page))]).toEqual([path]);
    await page.setViewportSize({ width: 380, height: 800 });
    expect([path, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([path, 380]);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await logOut();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  expect(await seriousViolations(page)).toEqual([]);
  await logIn("ada");
  await page.getByRole("button", { name: "Log out" }).waitFor();
});

test("the browser had nothing to complain of", () => {
  expect(complaints).toEqual([]);
});
