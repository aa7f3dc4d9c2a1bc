/** What holds for every page of the dashboard, with the demo shop behind it; and the ways through scripts, schedules and the palette. */
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hearComplaints, openBrowser, seriousViolations, type Browser, type Page } from "../support/browser.ts";
import { openDemo, type Demo } from "../support/demo.ts";
import { makeProject, startServer } from "../support/server.ts";
import { open, PAGES, type PageOfDemo } from "../support/pages.ts";

const KIB = 1024;

let demo: Demo;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  demo = await openDemo();
  browser = await openBrowser();
  complaints = [];
  page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" });
  hearComplaints(page, complaints);
});
afterAll(async () => {
  await browser.close();
  await demo.close();
});

const show = (shown: PageOfDemo): Promise<void> => open(page, demo.server.url, shown);

const go = (path: string): Promise<unknown> => page.goto(demo.server.url + path);

describe.each(["light", "dark"] as const)("in the %s theme", (colorScheme) => {
  test.each(PAGES)("nothing serious keeps anybody out: $name", async (each) => {
    await page.emulateMedia({ colorScheme });
    await show(each);
    expect(await seriousViolations(page)).toEqual([]);
  });
});

describe("a page", () => {
  test.each(PAGES)("needs no moving sideways at 380 pixels: $name", async (each) => {
    await page.setViewportSize({ width: 380, height: 800 });
    await show(each);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(380);
  });

  test.each(PAGES.filter(({ press }) => press === undefined))("takes its place at 2560 pixels: $name", async (each) => {
    await page.setViewportSize({ width: 2560, height: 1300 });
    await show(each);
    const [left, width] = await page.evaluate<[number, number]>(
      "(({ left, width }) => [left, width])(document.querySelector('main').getBoundingClientRect())",
    );
    expect([left, width]).toEqual([320, 1920]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(2560);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test("has its sections in a menu where there is little room", async () => {
    await page.setViewportSize({ width: 380, height: 800 });
    await show({ name: "", path: "/", shows: "checkout" });
    expect(await page.getByRole("navigation", { name: "Main" }).count()).toBe(0);
    await page.getByRole("button", { name: "Menu" }).press("Enter");
    await page.getByRole("menuitem", { name: "Schedules" }).press("Enter");
    await page.waitForURL(/\/schedules$/);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test("is called what it is, for the browser's tab", async () => {
    await show({ name: "", path: "/scripts/mail", shows: "v2" });
    expect(await page.evaluate("document.title")).toBe("mail · Scripts · stepwell");
    await show({ name: "", path: "/workflows/checkout/instances/order-1040-alan", shows: "charge card" });
    expect(await page.evaluate("document.title")).toBe("order-1040-alan · checkout · Workflows · stepwell");
  });

  test("loads less than 300 KB of scripts, compressed, when it is the first", async () => {
    const fresh = await browser.newPage();
    await fresh.goto(`${demo.server.url}/`);
    await fresh.getByRole("link", { name: "checkout", exact: true }).waitFor();
    const urls = await fresh.evaluate<string[]>(
      "performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.endsWith('.js'))",
    );
    // As the server sends them: the browser does not say how much came.
    const files = await Promise.all(urls.map(async (url) => gzipSync(await (await fetch(url)).bytes())));
    const bytes = files.reduce((sum, { length }) => sum + length, 0);
    expect(bytes).toBeGreaterThan(50 * KIB);
    expect(bytes).toBeLessThan(300 * KIB);
  });
});

/**
 * Adds up the layout shifts that move something up or down. Sideways does not count: the bars of a waterfall slide to the left
 * while time goes on, and a number may get a digit.
 */
const WATCH_SHIFTS = `
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries())
      if (sources.some(({ previousRect, currentRect }) => Math.abs(previousRect.y - currentRect.y) >= 1)) window.shifts += value;
  }).observe({ type: "layout-shift" });
`;

describe("nothing jumps", () => {
  test("in a list while instances come and end", async () => {
    await show({ name: "", path: "/workflows/import-catalogue", shows: "winter" });
    await page.evaluate(WATCH_SHIFTS);
    for (const id of ["summer", "autumn"])
      await demo.server.call("POST", "/workflows/import-catalogue/instances", { instance_id: id, params: { pages: 3 } });
    await page.getByRole("link", { name: "autumn" }).waitFor();
    await page.getByRole("row", { name: /autumn.*Complete/ }).waitFor();
    expect(await page.evaluate<number>("window.shifts")).toBeLessThan(0.01);
  });

  test("on an instance while steps begin and end", async () => {
    const params = { pages: 40 };
    await demo.server.call("POST", "/workflows/import-catalogue/instances", { instance_id: "long", params });
    await show({ name: "", path: "/workflows/import-catalogue/instances/long", shows: "fetch page" });
    await page.evaluate(WATCH_SHIFTS);
    await page.getByRole("status").getByText("Complete").waitFor();
    expect(await page.evaluate<number>("window.shifts")).toBeLessThan(0.01);
  });
});

describe("by keyboard alone one", () => {
  test("goes to an instance by how its id begins, and is taken to its heading", async () => {
    await show({ name: "", path: "/", shows: "checkout" });
    await page.keyboard.press("ControlOrMeta+k");
    await page.locator("[role=combobox]:focus").waitFor();
    await page.keyboard.type("order-1040");
    // What is found first is chosen once the text is no longer being looked for.
    await page.locator('[role=option][aria-selected=true]:has-text("order-1040-alan")').waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/workflows\/checkout\/instances\/order-1040-alan/);
    await page.getByRole("heading", { name: "order-1040-alan" }).waitFor();
    expect(await page.getByRole("dialog").count()).toBe(0);
  });

  test("goes to a section, through its list, and back", async () => {
    await show({ name: "", path: "/", shows: "checkout" });
    await page.keyboard.press("g");
    await page.keyboard.press("s");
    await page.waitForURL(/\/scripts$/);
    await page.getByRole("link", { name: "mail", exact: true }).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/scripts\/mail/);
    await page.getByRole("heading", { name: "mail" }).waitFor();
    expect(await page.evaluate("document.activeElement.tagName")).toMatch(/H1|MAIN/);
  });

  test("begins a new instance, and writes a c without beginning another", async () => {
    await show({ name: "", path: "/workflows/checkout", shows: "order-1040-alan" });
    await page.keyboard.press("c");
    await page.waitForURL(/\/workflows\/checkout\/new/);
    await page.getByLabel("Id").press("c");
    expect(await page.evaluate("document.querySelector('input').value")).toBe("c");
  });

  test("changes the theme by its name", async () => {
    await page.emulateMedia({ colorScheme: "light" });
    await show({ name: "", path: "/schedules", shows: "nightly-report" });
    await page.keyboard.press("ControlOrMeta+k");
    await page.getByRole("combobox", { name: "Search or run an action" }).waitFor();
    await page.keyboard.type("dark");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("dark");
    await page.getByRole("button", { name: "Theme: dark" }).click();
    expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("light");
  });
});

describe("a script", () => {
  test("is taken back to a version, which then is in force", async () => {
    await go("/scripts/mail");
    await page.getByRole("row", { name: /v2/ }).getByRole("button", { name: "Roll back" }).click();
    await page.getByLabel("Message").fill("HTML was better");
    await page.getByRole("button", { name: "Deploy v2" }).click();
    await page.getByRole("row", { name: /v2 active/ }).waitFor();
    await page.getByRole("link", { name: "Deployments" }).click();
    await page.getByRole("row", { name: /v2 active.*HTML was better/ }).waitFor();
    expect(await (await fetch(`${demo.server.url}/workers/mail/`)).text()).toBe("Answers in HTML");
  });

  test("gets a secret, which is shown nowhere, and loses it", async () => {
    await go("/scripts/shop?view=secrets");
    await page.getByRole("button", { name: "Add a secret" }).click();
    await page.getByLabel("Name").fill("API_KEY");
    await page.getByLabel("Value").fill("very-hush-hush");
    await page.getByRole("button", { name: "Save and deploy" }).click();
    const row = page.getByRole("row", { name: /API_KEY/ });
    await row.waitFor();
    expect(await page.evaluate<string>("document.documentElement.innerHTML")).not.toContain("very-hush-hush");
    await row.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Delete and deploy" }).click();
    await page.getByRole("heading", { name: "No secrets" }).waitFor();
  });

  test("shows what it logs as it does, as far as it is wanted", async () => {
    await go("/scripts/mail?view=tail");
    await page.getByRole("status").getByText("Live", { exact: true }).waitFor();
    const call = (path: string): Promise<Response> => fetch(`${demo.server.url}/workers/mail/${path}`);
    await call("first");
    const lines = page.getByLabel("Lines");
    await lines.getByText("/first").first().waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await call("second");
    await page.getByRole("button", { name: "Resume" }).click();
    await lines.getByText("/second").first().waitFor();
    await page.getByLabel("Find in lines").fill("second");
    await lines.getByText("/first").first().waitFor({ state: "hidden" });
  });
});

test("a schedule runs now, when its button is clicked", async () => {
  await go("/schedules");
  await page
    .getByRole("button", { name: /Run now.*nightly-report/ })
    .first()
    .click();
  await page.waitForURL(/\/workflows\/nightly-report\/instances\//);
  await page.getByRole("status").getByText("Complete").waitFor();
});

test("times are shown in UTC when that is selected", async () => {
  await go("/scripts/mail?view=deployments");
  await page.getByRole("button", { name: /^Local/ }).click();
  await page.locator("main").getByText(/ UTC$/).first().waitFor();
  await page.getByRole("button", { name: /^UTC/ }).click();
  expect(await page.locator("main").getByText(/ UTC$/).count()).toBe(0);
});

test("where there is nothing a page says how there will be something, in any width", async () => {
  const project = await makeProject({ "wrangler.toml": 'name = "gone"\nmain = "index.js"\n', "index.js": "export default {};" });
  const server = await startServer(["dev", project.folder, "--port", "0", "--quiet"]);
  await server.call("DELETE", "/workers/scripts/gone");
  const fresh = await browser.newPage({ reducedMotion: "reduce" });
  for (const path of ["/", "/scripts", "/schedules"])
    for (const width of [380, 1280]) {
      await fresh.setViewportSize({ width, height: 800 });
      await fresh.goto(server.url + path);
      await fresh.getByRole("button", { name: "Copy" }).first().waitFor();
      expect([path, await fresh.evaluate("document.documentElement.scrollWidth")]).toEqual([path, width]);
      expect([path, ...(await seriousViolations(fresh))]).toEqual([path]);
    }
  await server.kill();
  await project.remove();
});

test("says so while the server does not answer, and reads on when it does again", async () => {
  const fresh = await browser.newPage();
  await fresh.goto(`${demo.server.url}/`);
  await fresh.getByRole("link", { name: "checkout", exact: true }).waitFor();
  await fresh.context().setOffline(true);
  const notice = fresh.getByText("No response");
  await notice.waitFor();
  await fresh.context().setOffline(false);
  await notice.waitFor({ state: "hidden" });
  await fresh.getByRole("link", { name: "checkout", exact: true }).waitFor();
});

test("the browser had nothing to complain of", () => {
  expect(complaints).toEqual([]);
});
