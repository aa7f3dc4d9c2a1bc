/** A process that changes images, one after the other, for its parent. It may be killed at any time. */
import { writeFileSync } from "node:fs";
import type { ImageWork } from "../ports/images.ts";
import { worked } from "./work.ts";

/** How often it looks at its memory, in milliseconds. */
const LOOK_MS = 100;

process.on("message", (work: ImageWork) => void worked(work).then((outcome) => process.send?.(outcome)));

// Not `exit`, which waits for decoders.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

// Decoders work in other threads, so this one sees what they take.
setInterval(() => {
  if (process.memoryUsage.rss() > Number(process.argv[2])) process.kill(process.pid, "SIGKILL");
}, LOOK_MS).unref();

// When memory is short, Linux is to end this process rather than its parent.
if (process.platform === "linux") {
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // Some sandboxes do not allow it.
  }
}
