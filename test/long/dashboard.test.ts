/** The dashboard in a real browser, as people go through it: live, by mouse and by keyboard. What holds for every page is in `dashboard-pages`. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { hearComplaints, openBrowser, type Browser, type Page } from "../support/browser.ts";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const WORKER = `
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Approval extends WorkflowEntrypoint {
  async run(event, step) {
    const draft = await step.do("write draft", async () => ({ for: event.payload.who, text: "x".repeat(3000) + "the end" }));
    console.log("drafted");
    const { payload } = await step.waitForEvent("await approval", { type: "approve", timeout: "1 hour" });
    await step.do("publish", async () => payload.by + " approved " + draft.for);
  }
}
export class Failing extends WorkflowEntrypoint {
  async run(event, step) {
    for (let i = 0; i < 12; i += 1) await step.do("fetch page", async () => i);
    await step.do("charge card", { retries: { limit: 1, delay: 1 } }, async () => { throw new Error("card refused"); });
  }
}
export class Sleeping extends WorkflowEntrypoint {
  async run(event, step) { await step.sleep("a long time", "1 day"); }
}
`;

const workflow = (name: string, className: string): string =>
  `[[workflows]]\nname = "${name}"\nbinding = "${className.toUpperCase()}"\nclass_name = "${className}"\n`;

const CONFIG = `name = "press"\nmain = "index.js"\n${workflow("approval", "Approval")}${workflow("failing", "Failing")}${workflow("sleeping", "Sleeping")}`;

let project: Project;
let data: string;
let server: Server;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

async function openPage(): Promise<Page> {
  const opened = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  hearComplaints(opened, complaints, /status of 403/);
  return opened;
}

beforeAll(async () => {
  project = await makeProject({ "wrangler.toml": CONFIG, "index.js": `${WORKER}\nexport default {};` });
  data = join(project.folder, "data");
  server = await startServer(["dev", project.folder, "--data", data, "--port", "0", "--quiet"]);
  browser = await openBrowser();
  page = await openPage();
});
afterAll(async () => {
  await browser.close();
  await server.kill();
  await project.remove();
});

describe("a person", () => {
  test("creates an instance, watches it, approves, and reads all of an output", async () => {
    await page.goto(`${server.url}/`);
    await page.getByRole("link", { name: "approval", exact: true }).click();
    await page.getByRole("link", { name: "Create instance" }).click();
    await page.getByRole("heading", { name: /New instance/ }).waitFor();
    await page.getByLabel("Id").fill("first");
    await page.getByRole("textbox", { name: "Params" }).click();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type('{"who":"Ada"');
    await page.getByRole("button", { name: "Create" }).click();
    await page.waitForURL(/\/workflows\/approval\/instances\/first/);
    await page.getByText("Waiting for an event of type").waitFor();
    await page.getByRole("region", { name: "Why this instance is waiting" }).getByRole("button", { name: "Send event" }).click();
    await page.getByRole("textbox", { name: "Payload" }).click();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type('{"by":"Grace"');
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByRole("status").getByText("Complete").waitFor();
    await page.getByRole("option", { name: /publish-1/ }).click();
    await page.getByText("Grace approved Ada").waitFor();
    await page.getByRole("option", { name: /write draft-1/ }).click();
    await page.getByText(/x{3000}the end/).waitFor();
  });

  test("finds the step that failed, in the waterfall and in the graph", async () => {
    await server.call("POST", "/workflows/failing/instances", { instance_id: "broken" });
    await page.goto(`${server.url}/workflows/failing?status=errored`);
    await page.getByRole("link", { name: "broken" }).click();
    await page.getByRole("option", { name: /fetch page × 12/ }).waitFor();
    await page.getByRole("option", { name: /charge card-1/ }).click();
    const detail = page.getByRole("complementary", { name: "Details of charge card-1" });
    await detail.getByText("2 attempts").waitFor();
    await detail.getByRole("region", { name: "Attempts" }).getByText("card refused").nth(1).waitFor();
    await page.getByRole("link", { name: "graph" }).click();
    await page.getByRole("button", { name: /charge card, errored/ }).waitFor();
    await page.getByRole("button", { name: /fetch page × 12, complete/ }).click();
    await page.getByRole("complementary", { name: "Details of fetch page-12" }).waitFor();
  });

  test("sees what has happened since the list was read and before news come", async () => {
    const connected = Promise.withResolvers<void>();
    const news = "**/workflows/failing/subscribe*";
    await page.route(news, async (route) => {
      await connected.promise;
      await route.continue();
    });
    await page.goto(`${server.url}/workflows/failing?status=errored&id=late`);
    await page.getByText("No matching instances").first().waitFor();
    await server.call("POST", "/workflows/failing/instances", { instance_id: "late" });
    await vi.waitUntil(async () => {
      const { result } = (await server.call("GET", "/workflows/failing/instances/late")) as { result: { status: string } };
      return result.status === "errored";
    });
    connected.resolve();
    await page.getByRole("link", { name: "late" }).waitFor();
    await page.unroute(news);
  });

  test("the selected instances are terminated, and the list shows it", async () => {
    for (const id of ["a", "b", "c"]) await server.call("POST", "/workflows/sleeping/instances", { instance_id: id });
    await page.goto(`${server.url}/workflows/sleeping?status=waiting`);
    await page.getByLabel("Select a", { exact: true }).check();
    await page.getByLabel("Select b", { exact: true }).check();
    const toolbar = page.getByRole("toolbar", { name: "Selection" });
    await toolbar.getByRole("button", { name: "Terminate" }).click();
    await page.getByRole("button", { name: "Terminate 2" }).click();
    await toolbar.getByText("Terminate: 2 of 2").waitFor();
    await page.getByRole("link", { name: "a", exact: true }).waitFor({ state: "hidden" });
    expect(await page.getByRole("link", { name: "c", exact: true }).count()).toBe(1);
    expect(await server.call("GET", "/workflows/sleeping/instances?status=terminated")).toMatchObject({ result: { length: 2 } });
  });

  test("zooms and moves by keyboard", async () => {
    await page.goto(`${server.url}/workflows/approval/instances/first`);
    const steps = page.getByRole("listbox");
    const ruler = (): Promise<string | null> => page.getByRole("region", { name: "Waterfall" }).textContent();
    await steps.press("0");
    const whole = await ruler();
    await steps.press("+");
    await steps.press("+");
    expect(await ruler()).not.toBe(whole);
    await steps.press("0");
    expect(await ruler()).toBe(whole);
  });
});

test("where tokens are needed, one logs in, and out again", async () => {
  await server.stop();
  server = await startServer(["serve", "--data", data, "--port", "0", "--quiet"]);
  const token = await server.firstToken();
  page = await openPage();
  await page.goto(`${server.url}/workflows/sleeping`);
  await page.getByLabel("Token").fill("sw_wrong");
  await page.getByRole("button", { name: "Log in" }).click();
  await page
    .getByRole("alert")
    .getByText(/Invalid access token/)
    .waitFor();
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("link", { name: "c", exact: true }).click();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("status").getByText("Paused").waitFor();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByLabel("Token").waitFor();
});

test("the browser had nothing to complain of", () => {
  expect(complaints).toEqual([]);
});
