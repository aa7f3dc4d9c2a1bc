/** The start message of `stepwell dev`: addresses, and the bindings of the Workers. */
import { styleText } from "node:util";
import type { Binding } from "../../ports/catalog/bindings.ts";
import { resourcesOf } from "../../workers/versions/resources.ts";
import { bindingsTable } from "./bindings-table.ts";
import type { Deployed } from "./worker/worker.ts";

export interface Greeting {
  /** Of the server. */
  readonly url: string;
  readonly port: number;
  readonly accountId: string;
  /** The primary one first. */
  readonly workers: readonly Deployed[];
  /** Names of bindings that lead nowhere, by script. */
  readonly broken: ReadonlyMap<string, ReadonlySet<string>>;
  /** Where debuggers connect. */
  readonly inspector: string | undefined;
}

export function greeting({ url, port, accountId, workers, broken, inspector }: Greeting): string {
  const bold = (text: string): string => styleText("bold", text);
  const { protocol } = new URL(url);
  const lines = workers.flatMap(({ script, workflows }) => [
    `${bold("stepwell")} runs ${bold(script)} with ${workflows.length === 0 ? "no workflows" : workflows.join(", ")}`,
  ]);
  workers.forEach(({ script }, index) => {
    const addresses = [`${protocol}//${script}.localhost:${port}/`, `${url}/workers/${script}/`];
    // `localhost` is the primary one.
    if (index === 0) addresses.unshift(`${protocol}//localhost:${port}/`);
    lines.push(`  Worker     ${addresses.join("  ")}`);
  });
  lines.push(`  Dashboard  ${url}/`, `  API        ${url}/client/v4/accounts/${accountId}/workflows`);
  if (inspector !== undefined) lines.push(`  Debugger   ${inspector}`);
  lines.push(`  wrangler workflows list --local --port ${port}`);
  if (workers.some(({ config }) => isManaged(config.bindings))) lines.push(storage(url, accountId));
  for (const { script, config } of workers) {
    const table = bindingsTable(config.bindings, broken.get(script) ?? new Set());
    if (table.length > 0) lines.push(`Bindings of ${bold(script)}:`, ...table);
  }
  return `${lines.join("\n")}\n`;
}

/** Whether wrangler manages what some of these lead to. */
function isManaged(bindings: readonly Binding[]): boolean {
  return resourcesOf(bindings).length > 0 || bindings.some(({ type }) => type === "secrets_store_secret");
}

/** wrangler's `--local` means files of its own. */
function storage(url: string, accountId: string): string {
  const environment = `CLOUDFLARE_API_BASE_URL=${url}/client/v4 CLOUDFLARE_API_TOKEN=local CLOUDFLARE_ACCOUNT_ID=${accountId}`;
  return `  Storage    ${environment} wrangler d1|kv|r2|secrets-store … --remote`;
}
