/** The page of an instance in a real browser: why it waits and what helps, finding a step among many, the graph beside it, making another. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hearComplaints, openBrowser, seriousViolations, type Browser, type Page } from "../support/browser.ts";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const WORKER = `
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Patient extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("call gateway", { retries: { limit: 2, delay: "2 hours" } }, async ({ attempt }) => {
      if (attempt === 1) throw new Error("gateway timed out");
      return attempt;
    });
    await step.sleep("cool off", "1 day");
    return "rested";
  }
}
export class Limited extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("hold", { timeout: "1 hour" }, () => new Promise(() => {}));
  }
}
export class Pages extends WorkflowEntrypoint {
  async run({ payload }, step) {
    await step.do("read secret", { sensitive: "output" }, async () => "hush hush");
    for (let i = 1; i <= 40; i += 1) {
      await step.do("fetch page", { retries: { limit: 1, delay: 1 } }, async ({ attempt }) => {
        if (i === 17 && attempt === 1) throw new Error("page seventeen was not there");
        return { page: i };
      });
      await step.do("store page", async () => i);
    }
    if (payload.express) await step.do("send courier", async () => "sent");
    else await step.do("send letter", async () => "sent");
    await step.do("file away", { retries: { limit: 0, delay: 0 } }, async () => { throw new Error("the drawer is full"); });
  }
}
export class Again extends WorkflowEntrypoint {
  async run(event, step) {
    const id = await step.do("draw", async () => crypto.randomUUID());
    await step.waitForEvent("go", { type: "go", timeout: "1 hour" });
    return step.do("finish", async () => id);
  }
}
export default {};
`;

const workflow = (name: string, className: string, more = ""): string =>
  `[[workflows]]\nname = "${name}"\nbinding = "${className.toUpperCase()}"\nclass_name = "${className}"\n${more}`;

const CONFIG = `name = "press"\nmain = "index.js"\n${workflow("patient", "Patient")}${workflow("limited", "Limited", "concurrency = { limit = 1 }\n")}${workflow("pages", "Pages")}${workflow("again", "Again")}`;

let project: Project;
let server: Server;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  project = await makeProject({ "wrangler.toml": CONFIG, "index.js": WORKER });
  server = await startServer(["dev", project.folder, "--data", join(project.folder, "data"), "--port", "0", "--quiet"]);
  browser = await openBrowser();
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  hearComplaints(page, complaints);
});
afterAll(async () => {
  await browser.close();
  await server.kill();
  await project.remove();
});

async function create(name: string, id: string, params: object = {}): Promise<void> {
  expect(await server.call("POST", `/workflows/${name}/instances`, { instance_id: id, params })).toMatchObject({ success: true });
}

async function open(name: string, id: string, query = ""): Promise<void> {
  await page.goto(`${server.url}/workflows/${name}/instances/${id}${query}`);
  await page.getByRole("heading", { name: id, exact: true }).waitFor();
}

const why = (): ReturnType<Page["getByRole"]> => page.getByRole("region", { name: "Why this instance is waiting" });

test("a retry that is hours away comes now, and a sleep of a day ends, when that is asked for", async () => {
  await create("patient", "p");
  await open("patient", "p");
  await why().getByText("Attempt 1 of call gateway failed (gateway timed out)").waitFor();
  await why()
    .getByText(/next attempt in 1 h|next attempt in 2 h/)
    .waitFor();
  await why().getByRole("button", { name: "Retry now" }).click();
  await why().getByText("Sleeping in cool off").waitFor();
  await why().getByRole("button", { name: "Skip the sleep" }).click();
  await page.getByRole("status").getByText("Complete").waitFor();
  await page.getByRole("option", { name: /call gateway-1/ }).click();
  await page.getByRole("complementary", { name: "Details of call gateway-1" }).getByText("2 attempts").waitFor();
});

test("a queued instance shows its limit, and starts when the limit is raised", async () => {
  await create("limited", "first");
  await create("limited", "second");
  await open("limited", "second");
  await why().getByText("1 of 1").waitFor();
  await why().getByRole("button", { name: "Raise the limit" }).click();
  await page.getByRole("textbox", { name: "Limit" }).fill("2");
  await page.getByRole("button", { name: "Set the limit" }).click();
  await page.getByRole("status").getByText("Running").waitFor();
});

test("steps are grouped by name, found by name and by error, and failures one after the other", async () => {
  await create("pages", "many", { express: true });
  await open("pages", "many");
  await page.getByRole("status").getByText("Errored").waitFor();
  await page.getByRole("option", { name: /fetch page × 40/ }).waitFor();
  await page.getByRole("option", { name: /store page × 40/ }).waitFor();
  await page.getByLabel("Find steps").fill("seventeen");
  await page.getByRole("option", { name: /fetch page-17/ }).waitFor();
  expect(await page.locator("[data-row]").count()).toBe(1);
  await page.getByLabel("Find steps").fill("");
  await page.getByRole("listbox").press("n");
  await page.getByRole("complementary", { name: "Details of fetch page-17" }).waitFor();
  await page.getByRole("option", { name: /fetch page-17/ }).waitFor();
  await page.getByRole("listbox").press("n");
  await page.getByRole("complementary", { name: "Details of file away-1" }).waitFor();
  await page.getByRole("listbox").press("[");
  await page.getByRole("complementary", { name: "Details of send courier-1" }).waitFor();
});

test("rows are chosen by keyboard alone", async () => {
  await open("pages", "many");
  const list = page.getByRole("listbox");
  await list.press("Home");
  await list.press("Enter");
  await page.getByRole("complementary", { name: "Details of read secret-1" }).waitFor();
  await list.press("ArrowDown");
  await list.press("Enter");
  await page.getByRole("option", { name: "fetch page-1", exact: false }).first().waitFor();
  await list.press("Escape");
  await page.getByRole("complementary", { name: /Details/ }).waitFor({ state: "hidden" });
});

test("a selection in the graph is one in the waterfall, and the other way round", async () => {
  await open("pages", "many", "?view=both");
  await page.getByRole("button", { name: /fetch page × 40 ✕ 1, complete, 1 failed or retried/ }).click();
  await page.getByRole("option", { name: /fetch page-40/ }).waitFor();
  expect(await page.evaluate(`document.querySelector('[role="option"][aria-selected="true"]')?.textContent`)).toContain(
    "fetch page-40",
  );
  await page.getByRole("option", { name: /file away-1/ }).click();
  await page.getByRole("button", { name: /file away, errored/ }).waitFor();
  expect(await page.evaluate(`document.querySelector('[aria-pressed="true"]').textContent`)).toContain("file away");
  await page.getByRole("button", { name: "send letter, not reached" }).waitFor();
  await page.getByText("↻ 40 times").waitFor();
});

test("the output of a sensitive step is shown as hidden, and nowhere else", async () => {
  await open("pages", "many", "?step=read%20secret-1");
  await page.getByText("only the Workflow's code can read it").waitFor();
  expect(await page.evaluate<string>("document.body.textContent")).not.toContain("hush");
});

test("an ended instance that is restarted is followed at once, each time, and the other buttons work twice as well", async () => {
  const status = (text: string): Promise<void> => page.getByRole("status").getByText(text).waitFor();
  const press = (name: string): Promise<void> => page.getByRole("button", { name, exact: true }).first().click();
  const answer = async (name: string): Promise<void> => {
    const question = page.getByRole("dialog", { name: /\?$/ });
    await question.getByRole("button", { name, exact: true }).click();
    await question.waitFor({ state: "hidden" });
  };
  const goOn = async (): Promise<void> => {
    expect(await server.call("POST", "/workflows/again/instances/a/events/go", {})).toMatchObject({ success: true });
    await status("Complete");
  };
  const drawn = async (): Promise<string | null> => {
    await page.getByRole("option", { name: /draw-1/ }).click();
    const details = page.getByRole("complementary", { name: "Details of draw-1" });
    const output = details.getByText(/[\da-f]{8}-[\da-f]{4}-/);
    await output.waitFor();
    return output.textContent();
  };
  await create("again", "a");
  await open("again", "a");
  await status("Waiting");
  await goOn();
  const first = await drawn();

  await press("Restart");
  await answer("Cancel");
  await press("Restart");
  await answer("Restart");
  await page.getByText("Restart of a: done").waitFor();
  await status("Waiting");
  expect(await page.getByRole("option", { name: /finish-1/ }).count()).toBe(0);
  const second = await drawn();
  expect(second).not.toBe(first);
  await goOn();

  await page.getByRole("option", { name: /go-1/ }).click();
  await press("Restart from this step");
  await answer("Restart");
  await page.getByText("Restart of a from go: done").waitFor();
  await status("Waiting");
  expect(await drawn()).toBe(second);

  for (let twice = 0; twice < 2; twice += 1) {
    await press("Pause");
    await status("Paused");
    await press("Resume");
    await status("Waiting");
  }
  for (let twice = 0; twice < 2; twice += 1) {
    await press("Terminate");
    const rollback = page.getByRole("checkbox", { name: /Roll back completed steps/ });
    await rollback.waitFor();
    expect(await page.evaluate(`document.querySelector('[role="dialog"] input').checked`)).toBe(false);
    await rollback.check();
    await answer("Terminate");
    await status("Terminated");
    await press("Restart");
    await answer("Restart");
    await status("Waiting");
  }
  await goOn();
  // Another client restarts it: the page notices when it gets the focus.
  await server.call("PATCH", "/workflows/again/instances/a/status", { status: "restart" });
  await page.evaluate(`window.dispatchEvent(new Event("visibilitychange"))`);
  await status("Waiting");
  // A cached timeline is read again.
  await goOn();
  await page.getByRole("link", { name: "again", exact: true }).first().click();
  await page.waitForURL(/\/workflows\/again$/);
  await server.call("PATCH", "/workflows/again/instances/a/status", { status: "restart" });
  await page.getByRole("link", { name: "a", exact: true }).click();
  await status("Waiting");
  await press("Delete");
  await answer("Delete");
  await page.waitForURL(/\/workflows\/again$/);
  await page.getByText("No instances yet").waitFor();
});

const COPIED = `(async () => {
  while (window.copied === undefined) await new Promise(requestAnimationFrame);
  return window.copied;
})()`;

test("code for the SDK is copied", async () => {
  await open("pages", "many");
  await page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }");
  await page.getByRole("button", { name: "Copy as" }).click();
  await page.getByRole("menuitem", { name: "SDK code" }).first().click();
  expect(await page.evaluate(COPIED)).toContain(`client.workflows.instances.get("pages", "many", { account_id: "local" })`);
});

test("an instance that would be refused is not sent; examples keep their names; Ctrl and Enter create", async () => {
  await page.goto(`${server.url}/workflows/pages/new`);
  await page.getByLabel("Id").fill("not an id");
  await page.getByText("An id may contain only letters, digits, _ and -").waitFor();
  await page.getByLabel("Id").fill("");
  const params = page.getByRole("textbox", { name: "Params" });
  await params.click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type('{"express": tru');
  await page.getByRole("status").getByText(/JSON/).waitFor();
  expect(await page.evaluate(`[...document.querySelectorAll("button")].find((each) => each.type === "submit").disabled`)).toBe(
    true,
  );
  await page.keyboard.type("e");
  await page.getByLabel("Name of the example").fill("by courier");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByLabel("Id").fill("made");
  await params.press("ControlOrMeta+Enter");
  await page.waitForURL(/\/workflows\/pages\/instances\/made/);
  await page.goto(`${server.url}/workflows/pages/new`);
  await page.getByRole("button", { name: "by courier", exact: true }).click();
  await page.getByLabel("How many").fill("3");
  await page.getByRole("button", { name: "Create 3" }).click();
  await page.waitForURL(/\/workflows\/pages$/);
  expect(await server.call("GET", "/workflows/pages/instances")).toMatchObject({ result: { length: 5 } });
});

test("on paper every step is in a table, and nothing can be pressed", async () => {
  await open("pages", "many");
  await page.emulateMedia({ media: "print" });
  await page.getByRole("table").waitFor();
  expect(await page.evaluate(`document.querySelectorAll("tbody tr").length`)).toBe(83);
  expect(
    await page.evaluate(
      `[...document.querySelectorAll("button")].filter((each) => each.checkVisibility() && !each.closest("section, details")).length`,
    ),
  ).toBe(0);
  await page.emulateMedia({ media: "screen" });
  await page.getByRole("listbox").waitFor();
});

test("the page of an instance that another client deletes says that it is gone", async () => {
  await create("patient", "gone");
  const other = await browser.newPage();
  await other.goto(`${server.url}/workflows/patient/instances/gone`);
  await other.getByRole("region", { name: "Why this instance is waiting" }).waitFor();
  expect(await server.call("DELETE", "/workflows/patient/instances/gone")).toMatchObject({ success: true });
  await other.getByRole("alert").getByText("Instance not found").waitFor();
  expect(await other.getByRole("button", { name: "Pause" }).count()).toBe(0);
});

test.each(["light", "dark"] as const)("nothing serious keeps anybody out, in the %s theme", async (colorScheme) => {
  await page.emulateMedia({ colorScheme });
  const many = "/workflows/pages/instances/many";
  const paths = [`${many}?step=fetch%20page-17`, `${many}?view=both&step=file%20away-1`, "/workflows/limited/instances/second"];
  for (const path of [...paths, "/workflows/pages/new"]) {
    await page.goto(server.url + path);
    await page.getByRole("heading").first().waitFor();
    if (path.includes("view=both")) await page.getByRole("region", { name: "Graph" }).waitFor();
    expect([path, ...(await seriousViolations(page))]).toEqual([path]);
  }
});

test.each([380, 2560])("at %d pixels nothing has to be moved sideways", async (width) => {
  await page.setViewportSize({ width, height: 900 });
  for (const path of [
    "/workflows/pages/instances/many?step=fetch%20page-17",
    "/workflows/pages/instances/many?view=both",
    "/workflows/pages/new",
  ]) {
    await page.goto(server.url + path);
    await page.getByRole("heading").first().waitFor();
    expect([path, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([path, width]);
  }
});

test("the browser had nothing to complain of", () => {
  expect(complaints).toEqual([]);
});
