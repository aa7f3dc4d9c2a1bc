/** The lists of the dashboard in a real browser: finding instances, acting on all that match, errors in groups. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hearComplaints, openBrowser, seriousViolations, type Browser, type Page } from "../support/browser.ts";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const WORKER = `
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Charging extends WorkflowEntrypoint {
  async run({ payload }, step) {
    await step.do("charge", { retries: { limit: 0, delay: 0 } }, async () => {
      throw new Error(payload.stock === undefined ? "card " + payload.card + " refused" : "no stock of " + payload.stock);
    });
  }
}
export class Queueing extends WorkflowEntrypoint {
  async run(event, step) { await step.do("for ever", async () => new Promise((resolve) => setTimeout(resolve, 3_600_000))); }
}
export default {};
`;

const CONFIG = {
  name: "shop",
  main: "index.js",
  compatibility_date: "2026-11-01",
  workflows: [
    { name: "charging", binding: "CHARGING", class_name: "Charging", schedules: ["0 0 1 1 *"] },
    { name: "queueing", binding: "QUEUEING", class_name: "Queueing", concurrency: { limit: 1 } },
  ],
};

/** So many that an action on all of them takes longer than to press a button. */
const MANY = 20_000;

let project: Project;
let server: Server;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

async function create(workflow: string, instances: readonly { instance_id: string; params?: object }[]): Promise<void> {
  for (let from = 0; from < instances.length; from += 100)
    await server.call("POST", `/workflows/${workflow}/instances/batch`, instances.slice(from, from + 100));
}

const row = (name: string) => page.getByRole("link", { name, exact: true });

beforeAll(async () => {
  project = await makeProject({ "wrangler.json": JSON.stringify(CONFIG), "index.js": WORKER });
  const data = join(project.folder, "data");
  server = await startServer(["dev", project.folder, "--data", data, "--port", "0", "--quiet", "--executor", "node"]);
  browser = await openBrowser();
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  hearComplaints(page, complaints);
  await create("charging", [
    ...Array.from({ length: 6 }, (_, i) => ({ instance_id: `card-${i}`, params: { card: i } })),
    { instance_id: "stock-1", params: { stock: "tea" } },
  ]);
  await create(
    "queueing",
    Array.from({ length: MANY }, (_, i) => ({ instance_id: `${i < 40 ? "early" : "late"}-${i}` })),
  );
});
afterAll(async () => {
  await browser.close();
  await server.kill();
  await project.remove();
});

test("workflows show what they are at, what the day was like and when the next instance comes", async () => {
  await page.goto(`${server.url}/`);
  await page.getByRole("img", { name: "In 24 hours: 7 created, 0 complete, 7 errored, 0 terminated" }).waitFor();
  await page.getByRole("link", { name: /7 errored/ }).waitFor();
  await page.getByText("7 errored").first().waitFor();
  expect(await page.getByText("no schedule").count()).toBe(1);
});

test("instances are found by their error and their id, and the address keeps what was asked for", async () => {
  await page.goto(`${server.url}/workflows/charging`);
  await row("stock-1").waitFor();
  await page.getByRole("cell", { name: "no stock of tea in charge" }).waitFor();
  const add = page.getByRole("form", { name: "Add a filter" });
  await page.getByLabel("Filter by").selectOption("error");
  await add.getByRole("searchbox").fill("REFUSED");
  await add.getByRole("button", { name: "Add filter" }).click();
  await row("stock-1").waitFor({ state: "hidden" });
  await page.getByLabel("Filter by").selectOption("id");
  await add.getByRole("searchbox").fill("card-3");
  await page.keyboard.press("Enter");
  await row("card-4").waitFor({ state: "hidden" });
  await row("card-3").waitFor();
  expect(page.url()).toMatch(/error=REFUSED/);
  expect(page.url()).toMatch(/id=card-3/);
  await page.goto(page.url());
  await row("card-3").waitFor();
  await page.getByRole("button", { name: "Remove filter Id starts with" }).click();
  await row("card-4").waitFor();
  await page.getByRole("navigation", { name: "Status" }).getByRole("link", { name: /^All/ }).click();
});

test("a range is chosen with Shift", async () => {
  await page.goto(`${server.url}/workflows/charging?id=card`);
  await page.getByLabel("Select card-4", { exact: true }).click();
  await page.getByLabel("Select card-1", { exact: true }).click({ modifiers: ["Shift"] });
  await page.getByRole("toolbar", { name: "Selection" }).getByText("4 selected").waitFor();
});

test("all that match are counted, then terminated, and the others left alone", async () => {
  await page.goto(`${server.url}/workflows/queueing?id=early`);
  const toolbar = page.getByRole("toolbar", { name: "Selection" });
  await toolbar.getByText("40 instances").waitFor();
  await toolbar.getByRole("button", { name: "Select all 40" }).click();
  await toolbar.getByRole("button", { name: "Terminate" }).click();
  await page.getByRole("dialog").getByText("40 instances of queueing: id starts with early").waitFor();
  await page.getByRole("button", { name: "Terminate 40" }).click();
  await page.getByText("40 of 40 terminated · finished").waitFor();
  expect(await server.call("GET", "/workflows/queueing/instances?status=terminated")).toMatchObject({
    result_info: { total_count: 40 },
  });
});

test("a bulk action can be stopped, and leaves the remaining instances unchanged", async () => {
  await page.goto(`${server.url}/workflows/queueing?status=queued`);
  const toolbar = page.getByRole("toolbar", { name: "Selection" });
  await toolbar.getByRole("button", { name: /^Select all/ }).click();
  await toolbar.getByRole("button", { name: "Terminate" }).click();
  await page.getByRole("button", { name: /^Terminate 19,/ }).click();
  const actions = page.getByRole("list", { name: "Bulk actions" });
  await actions.getByRole("button", { name: "Stop" }).click();
  await actions.getByText("stopped").waitFor();
  const { result_info: left } = (await server.call("GET", "/workflows/queueing/instances?status=queued")) as unknown as {
    result_info: { total_count: number };
  };
  expect(left.total_count).toBeGreaterThan(0);
  await actions.getByRole("button", { name: "Dismiss" }).click();
});

test("errors are groups, which lead to their instances and are acted upon as one", async () => {
  await page.goto(`${server.url}/`);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Errors" }).click();
  const group = page.getByRole("link", { name: /^card \d refused$/ });
  await group.click();
  await page.waitForURL(/group=/);
  await row("card-5").waitFor();
  expect(await row("stock-1").count()).toBe(0);
  await page.goto(`${server.url}/errors?workflow=charging`);
  await page.getByRole("button", { name: /Delete all with card/ }).click();
  await page.getByRole("button", { name: "Delete 6" }).click();
  await page.getByText("6 of 6 deleted · finished").waitFor();
  await group.waitFor({ state: "hidden" });
  await page.getByRole("link", { name: "no stock of tea" }).waitFor();
});

test.each(["light", "dark"] as const)("nothing serious keeps anybody out, in the %s theme", async (colorScheme) => {
  await page.emulateMedia({ colorScheme });
  for (const path of [
    "/",
    "/workflows/charging?error=stock&id=s",
    "/workflows/charging?id=none",
    "/errors",
    "/errors?workflow=queueing",
  ]) {
    await page.goto(server.url + path);
    await page.getByRole("heading").first().waitFor();
    expect([path, ...(await seriousViolations(page))]).toEqual([path]);
  }
});

test("on a narrow screen nothing has to be moved sideways", async () => {
  await page.setViewportSize({ width: 380, height: 800 });
  for (const path of ["/", "/workflows/charging?error=stock", "/errors"]) {
    await page.goto(server.url + path);
    await page.getByRole("heading").first().waitFor();
    expect([path, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([path, 380]);
  }
});

test("the browser had nothing to complain of", () => {
  expect(complaints).toEqual([]);
});
