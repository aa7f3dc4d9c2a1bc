/** The process in which streams are measured: streams so many bytes in and out, reports its figures, ends. */
import { encode } from "../../src/model/values/value.ts";
import { complete, openSubject, type Subject } from "../stepwell.ts";

const bytes = Number(process.argv[2]);

/** Resident memory in megabytes. */
function rss(): number {
  return process.memoryUsage().rss / 1e6;
}

/** The output of an instance. */
async function outputOf({ engine }: Subject, id: string): Promise<{ inMs: number; outMs: number }> {
  for await (const events of engine.history({ workflow: "Streamer", id }))
    for (const event of events)
      if (event.type === "workflow_completed") return JSON.parse(event.output ?? "") as { inMs: number; outMs: number };
  throw new Error("The instance has not completed");
}

const subject = await openSubject("node");
await complete(subject, "Streamer", 1, { bytes: 4 * 1024 * 1024 });
globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
const before = rss();
let peak = before;
const watching = setInterval(() => (peak = Math.max(peak, rss())), 10);
await subject.engine.create("Streamer", [{ id: "large", params: encode({ bytes }) }], "api");
while ((await subject.engine.summary({ workflow: "Streamer", id: "large" })).status !== "complete")
  await new Promise((resolve) => setTimeout(resolve, 10));
clearInterval(watching);
const { inMs, outMs } = await outputOf(subject, "large");
await subject.close();
const figures = { "stream-in": bytes / 1e3 / inMs, "stream-out": bytes / 1e3 / outMs, "stream-rss": peak - before };
process.send?.(figures, () => process.exit(0));
