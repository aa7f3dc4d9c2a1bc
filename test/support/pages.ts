/** Every page of the dashboard as the demo shop shows it. What walks all of them — pictures, axe, widths — reads this list. */
import type { Page } from "./browser.ts";

export interface PageOfDemo {
  /** The name of its pictures. */
  readonly name: string;
  readonly path: string;
  /** A text that is there once the page has what it shows. */
  readonly shows: string;
  /** Also drawn at 380 and at 2560 pixels. */
  readonly atAllWidths?: true;
  /** Paths of Workers that are called once the page is there, and a text that is there after that. */
  readonly calls?: { readonly paths: readonly string[]; readonly show: string };
  /** Opened with a key once the page is there. */
  readonly press?: string;
}

export const PAGES: readonly PageOfDemo[] = [
  { name: "workflows", path: "/", shows: "import-catalogue", atAllWidths: true },
  { name: "instances", path: "/workflows/checkout", shows: "order-1040-alan", atAllWidths: true },
  { name: "new-instance", path: "/workflows/checkout/new?like=order-1040-alan", shows: "kettle" },
  { name: "instance", path: "/workflows/checkout/instances/order-1040-alan", shows: "charge card", atAllWidths: true },
  { name: "instance-step", path: "/workflows/checkout/instances/order-1040-alan?step=charge%20card-1", shows: "charge card" },
  { name: "instance-graph", path: "/workflows/checkout/instances/order-1040-alan?view=graph", shows: "charge card" },
  { name: "instance-loop", path: "/workflows/import-catalogue/instances/spring", shows: "fetch page" },
  { name: "instance-rolled-back", path: "/workflows/refund/instances/refund-981", shows: "ledger is read-only" },
  { name: "scripts", path: "/scripts", shows: "mail" },
  { name: "script-versions", path: "/scripts/mail", shows: "v2" },
  { name: "script-deployments", path: "/scripts/mail?view=deployments", shows: "v2" },
  { name: "script-bindings", path: "/scripts/mail?view=bindings", shows: "SENDER" },
  { name: "script-secrets", path: "/scripts/mail?view=secrets", shows: "SMTP_PASSWORD" },
  { name: "script-settings", path: "/scripts/shop?view=settings", shows: "shop.localhost" },
  {
    name: "script-log",
    path: "/scripts/mail?view=tail",
    shows: "No lines since this page was opened",
    calls: {
      paths: ["/order-1044", "/order-1046", "/order-1040", "/broken"].map((to) => `/workers/mail${to}`),
      show: "no such mailbox",
    },
  },
  { name: "errors", path: "/errors", shows: "ledger is read-only", atAllWidths: true },
  { name: "schedules", path: "/schedules", shows: "nightly-report" },
  { name: "settings-access", path: "/settings/access", shows: "Tokens" },
  { name: "settings-policies", path: "/settings/policies", shows: "import-catalogue" },
  { name: "settings-limits", path: "/settings/limits", shows: "1 MiB" },
  { name: "settings-audit", path: "/settings/audit", shows: "workflows.instances" },
  { name: "palette", path: "/workflows/checkout", shows: "order-1040-alan", press: "ControlOrMeta+k" },
  { name: "keys", path: "/", shows: "import-catalogue", press: "?" },
  { name: "not-there", path: "/nowhere", shows: "No page exists at this address" },
];

/** Goes to a page, and has it show what it is to show. */
export async function open(page: Page, base: string, { path, shows, calls, press }: PageOfDemo): Promise<void> {
  await page.goto(base + path);
  const main = page.locator("main");
  await main.getByText(shows).first().waitFor();
  if (calls !== undefined) {
    await page.getByRole("status").getByText("Live", { exact: true }).waitFor();
    for (const each of calls.paths) await fetch(base + each);
    await main.getByText(calls.show).first().waitFor();
  }
  if (press === undefined) return;
  await page.keyboard.press(press);
  await page.getByRole("dialog").waitFor();
}
