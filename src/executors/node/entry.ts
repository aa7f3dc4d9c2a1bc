/** The entry of a worker thread. Threads get nothing of the process's environment; what it has compiled, they need not compile again. */
import { enableCompileCache } from "node:module";
import { workerData } from "node:worker_threads";
import type { ThreadData } from "./messages.ts";

const { compiled } = workerData as ThreadData;
if (compiled !== undefined) enableCompileCache(compiled);
await import("./thread.ts");
