import { executorContract } from "../../../../test/contracts/executor/executor.ts";
import { workerdExecutor } from "../executor.ts";

executorContract("workerd", ({ hangAfterMs, onLog }) => workerdExecutor({ hangAfterMs, hasSpare: false, onLog }), {
  crash: "an uncaught exception ends the request or run that threw it, as on Cloudflare; what it ends is tested here",
  exit: "process.exit ends the request or run that calls it, as on Cloudflare; what it ends is tested here",
});
