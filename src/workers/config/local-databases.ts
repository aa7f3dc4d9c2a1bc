/** The databases that Hyperdrive leads to in development, by wrangler's variables of the environment. */
import type { WranglerConfig } from "./wrangler.ts";

/** The newer name goes first. */
const PREFIXES = ["CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_", "WRANGLER_HYPERDRIVE_LOCAL_CONNECTION_STRING_"];

/** The configuration with the connection strings of the environment in place of its own. */
export function withLocalDatabases(
  config: WranglerConfig,
  environment: Readonly<Record<string, string | undefined>>,
): WranglerConfig {
  const hyperdrive = config.hyperdrive.map((each) => {
    const given = PREFIXES.map((prefix) => environment[prefix + each.binding]).find((text) => text !== undefined && text !== "");
    return given === undefined ? each : { ...each, localConnectionString: given };
  });
  return { ...config, hyperdrive };
}
