/** What is in force on this server: what it was started with, and every limit. */
import { z } from "zod";
import { LIMITS } from "../../model/limits.ts";
import { endpoint, type Endpoint } from "../endpoint/endpoint.ts";
import { open } from "../endpoint/payload.ts";

const UNITS = ["ms", "s", "bytes", "count"] as const;

/** Names of limits end with their units; what is only counted has none. */
function unitOf(name: string): (typeof UNITS)[number] {
  if (name.endsWith("Ms")) return "ms";
  if (name.endsWith("Seconds")) return "s";
  return name.endsWith("Bytes") ? "bytes" : "count";
}

/** Settings and limits. */
export const settings: readonly Endpoint[] = [
  endpoint("get", "/settings", {
    summary: "Read the settings that the server was started with; null means no limit",
    result: z.record(z.string(), z.union([z.string(), z.number()]).nullable()),
    handle: (_, api) => Promise.resolve({ result: api.settings }),
  }),
  endpoint("get", "/limits", {
    summary: "List the fixed limits",
    result: z.array(z.object({ name: z.string(), value: open(z.number()), unit: z.enum(UNITS) })),
    handle: () =>
      Promise.resolve({ result: Object.entries(LIMITS).map(([name, value]) => ({ name, value, unit: unitOf(name) })) }),
  }),
];
