/** A process that changes images, one after the other, for its parent. It may be killed at any time. */
import { writeFileSync } from "node:fs";
import type { ImageWork } from "../ports/images.ts";
import { worked } from "./work.ts";

process.on("message", (work: ImageWork) => void worked(work).then((outcome) => process.send?.(outcome)));

// Not `exit`, which waits for decoders.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

// When memory is short, Linux is to end this process rather than its parent.
if (process.platform === "linux") {
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // Some sandboxes do not allow it.
  }
}
