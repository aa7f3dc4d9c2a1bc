/** Parts of a configuration that Cloudflare has and stepwell has not, bindings aside, so that none of them is silently without effect. */
import type { WranglerConfig } from "./wrangler.ts";

/** Those that change what a Worker does on Cloudflare and do nothing here, by key. */
export function unsupportedParts(config: WranglerConfig): string[] {
  const { containers = [], site, streaming_tail_consumers: streaming = [], tail_consumers: tails = [] } = config;
  return [
    ...(containers.length > 0 ? ["containers"] : []),
    ...(site === undefined ? [] : ["site"]),
    ...(streaming.length > 0 ? ["streaming_tail_consumers"] : []),
    ...(tails.length > 0 ? ["tail_consumers"] : []),
  ];
}
