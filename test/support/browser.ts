/** A real browser, of which nothing has to be installed by hand. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const installed = fileURLToPath(new URL("../clients/package.json", import.meta.url));

/** As much of a place on a page as the tests use. */
export interface Locator {
  click(options?: { modifiers?: readonly "Shift"[] }): Promise<void>;
  selectOption(value: string): Promise<unknown>;
  check(): Promise<void>;
  fill(text: string): Promise<void>;
  press(key: string): Promise<void>;
  waitFor(options?: { state?: "visible" | "hidden" }): Promise<void>;
  textContent(): Promise<string | null>;
  count(): Promise<number>;
  first(): Locator;
  nth(index: number): Locator;
  getByRole(role: string, options?: { name?: string | RegExp; exact?: boolean }): Locator;
  getByText(text: string | RegExp, options?: { exact?: boolean }): Locator;
}

/** As much of a page. */
export interface Page extends Pick<Locator, "getByRole" | "getByText"> {
  /** What it has in common with others of its kind: here, whether there is a network. */
  context(): { setOffline(isOffline: boolean): Promise<void> };
  waitForFunction(script: string): Promise<unknown>;
  goto(url: string): Promise<unknown>;
  url(): string;
  getByLabel(text: string, options?: { exact?: boolean }): Locator;
  locator(selector: string): Locator;
  waitForURL(url: RegExp): Promise<void>;
  /** Requests for addresses that match go on when the handler says so. */
  route(glob: string, handler: (route: { continue(): Promise<void> }) => Promise<void>): Promise<unknown>;
  unroute(glob: string): Promise<void>;
  emulateMedia(options: { colorScheme?: "light" | "dark"; media?: "screen" | "print" }): Promise<void>;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  evaluate<T>(script: string): Promise<T>;
  screenshot(options: { path: string; fullPage?: boolean }): Promise<unknown>;
  on(event: "pageerror", listener: (error: Error) => void): void;
  on(event: "console", listener: (message: { type(): string; text(): string }) => void): void;
  readonly keyboard: { type(text: string): Promise<void>; press(key: string): Promise<void> };
}

export interface Browser {
  /** A page of a browser that knows nothing yet. */
  newPage(options?: object): Promise<Page>;
  /** Chromium's own record of what its threads do. */
  startTracing(page: Page, options: { readonly categories: readonly string[] }): Promise<void>;
  stopTracing(): Promise<Buffer>;
  close(): Promise<void>;
}

/** Starts one. */
export async function openBrowser(): Promise<Browser> {
  const require = createRequire(installed);
  const { chromium } = require("playwright-core") as { chromium: { launch(options: object): Promise<Browser> } };
  const { default: chrome } = (await import(pathToFileURL(require.resolve("@sparticuz/chromium")).href)) as {
    default: { readonly args: string[]; executablePath(): Promise<string> };
  };
  // That package means to render any page; these tests are about what a browser allows.
  const args = chrome.args.filter((arg) => arg !== "--disable-web-security");
  return chromium.launch({ executablePath: await chrome.executablePath(), args, headless: true });
}

/**
 * Adds the errors of a page to a list: uncaught ones, and those on its console. The browser logs a refused request as an error,
 * too: expected ones are named by a part of the text.
 */
export function hearComplaints(page: Page, complaints: string[], expected?: RegExp): void {
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && expected?.test(message.text()) !== true) complaints.push(message.text());
  });
}

/** What axe, which looks for what keeps people out, finds to be serious on a page. */
export async function seriousViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(await readFile(join(createRequire(installed).resolve("axe-core"), "../axe.min.js"), "utf8"));
  return page.evaluate<string[]>(`axe.run().then(({ violations }) => violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => id + ": " + nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(" | ")))`);
}
