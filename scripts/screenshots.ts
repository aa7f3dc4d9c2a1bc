/**
 * Draws every page of the dashboard in both themes into `docs/screenshots`, with the demo shop behind it. To be looked at:
 * what is ugly in a picture is ugly for everybody. Names of pages may be given, to draw only those; `--to FOLDER` draws elsewhere.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openBrowser, type Page } from "../test/support/browser.ts";
import { openDemo } from "../test/support/demo.ts";
import { open, PAGES, type PageOfDemo } from "../test/support/pages.ts";

const { values, positionals } = parseArgs({
  options: { to: { type: "string", default: fileURLToPath(new URL("../docs/screenshots", import.meta.url)) } },
  allowPositionals: true,
});

const USUAL = { width: 1280, height: 800 };

const OTHERS = [
  { width: 380, height: 800 },
  { width: 2560, height: 1300 },
] as const;

async function draw(page: Page, base: string, shown: PageOfDemo, theme: string): Promise<void> {
  const sizes = [USUAL, ...(shown.atAllWidths === true ? OTHERS : [])];
  for (const size of sizes) {
    await page.setViewportSize(size);
    await open(page, base, shown);
    await page.evaluate("document.fonts.ready.then(() => new Promise((done) => requestIdleCallback(done)))");
    const file = `${shown.name}-${theme}${size === USUAL ? "" : `-${size.width}`}.png`;
    await page.screenshot({ path: join(values.to, file) });
    console.log(file);
  }
}

await mkdir(values.to, { recursive: true });
const demo = await openDemo();
const browser = await openBrowser();
try {
  const wanted = PAGES.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  for (const theme of ["light", "dark"] as const) {
    const page = await browser.newPage({ viewport: USUAL, colorScheme: theme, reducedMotion: "reduce" });
    for (const each of wanted) await draw(page, demo.server.url, each, theme);
  }
} finally {
  await browser.close();
  await demo.close();
}
